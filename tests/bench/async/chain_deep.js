async function down(n, turns) {
  if (n === 0) {
    for (let i = 0; i < turns; i++) await null;
    return turns;
  }
  return await down(n - 1, turns);
}
async function main() {
  let total = 0;
  for (let i = 0; i < 4; i++) total += await down(200, 40000);
  console.log(total);
}
main();
