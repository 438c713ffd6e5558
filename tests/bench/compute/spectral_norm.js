function a(i, j) { return 1.0 / (Math.floor((i + j) * (i + j + 1) / 2) + i + 1); }
function times(v, n) {
  const out = [];
  for (let i = 0; i < n; i++) {
    let total = 0.0;
    for (let j = 0; j < n; j++) total += a(i, j) * v[j];
    out.push(total);
  }
  return out;
}
function timesTransposed(v, n) {
  const out = [];
  for (let i = 0; i < n; i++) {
    let total = 0.0;
    for (let j = 0; j < n; j++) total += a(j, i) * v[j];
    out.push(total);
  }
  return out;
}
const n = 260;
let u = new Array(n).fill(1.0), v = u;
for (let k = 0; k < 10; k++) {
  v = timesTransposed(times(u, n), n);
  u = timesTransposed(times(v, n), n);
}
let vbv = 0.0, vv = 0.0;
for (let i = 0; i < n; i++) { vbv += u[i] * v[i]; vv += v[i] * v[i]; }
console.log(Math.sqrt(vbv / vv).toFixed(9));
