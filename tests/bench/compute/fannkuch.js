function fannkuch(n) {
  const perm1 = [], count = [];
  for (let i = 0; i < n; i++) { perm1.push(i); count.push(0); }
  let most = 0, checksum = 0, permutation = 0, r = n;
  for (;;) {
    while (r !== 1) { count[r - 1] = r; r--; }
    const perm = perm1.slice();
    let flips = 0, k = perm[0];
    while (k) {
      let i = 0, j = k;
      while (i < j) { const t = perm[i]; perm[i] = perm[j]; perm[j] = t; i++; j--; }
      flips++;
      k = perm[0];
    }
    if (flips > most) most = flips;
    checksum += permutation & 1 ? -flips : flips;
    for (;;) {
      if (r === n) return [checksum, most];
      const first = perm1[0];
      for (let i = 0; i < r; i++) perm1[i] = perm1[i + 1];
      perm1[r] = first;
      if (--count[r] > 0) break;
      r++;
    }
    permutation++;
  }
}
console.log(fannkuch(9).join(" "));
