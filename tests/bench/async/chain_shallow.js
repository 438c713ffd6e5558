async function down(n, turns) {
  if (n === 0) {
    for (let i = 0; i < turns; i++) await null;
    return turns;
  }
  return await down(n - 1, turns);
}
async function main() {
  let total = 0;
  for (let i = 0; i < 200; i++) total += await down(5, 1500);
  console.log(total);
}
main();
