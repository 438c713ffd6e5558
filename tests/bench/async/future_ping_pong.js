function future() {
  const f = {};
  f.promise = new Promise((resolve) => { f.resolve = resolve; });
  return f;
}
async function player(mine, other, n) {
  let total = 0;
  for (let i = 0; i < n; i++) {
    total += await mine[0].promise;
    mine[0] = future();
    other[0].resolve(i);
  }
  return total;
}
async function main() {
  const a = [future()], b = [future()], n = 90000;
  const first = player(a, b, n), second = player(b, a, n);
  a[0].resolve(1);
  console.log(await first, await second);
}
main();
