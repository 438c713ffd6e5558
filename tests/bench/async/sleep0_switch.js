// setImmediate would poll between turns; a resolved promise is the counterpart of sleep(0).
async function worker(n, log) {
  for (let i = 0; i < n; i++) {
    await null;
    log[0] += i;
  }
}
async function main() {
  const log = [0];
  await Promise.all([worker(150000, log), worker(150000, log)]);
  console.log(log[0]);
}
main();
