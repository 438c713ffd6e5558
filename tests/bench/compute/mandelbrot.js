function mandelbrot(size, limit) {
  let inside = 0;
  for (let row = 0; row < size; row++) {
    const ci = 2.0 * row / size - 1.0;
    for (let column = 0; column < size; column++) {
      const cr = 2.0 * column / size - 1.5;
      let zr = 0.0, zi = 0.0, i = 0;
      while (i < limit) {
        const r2 = zr * zr, i2 = zi * zi;
        if (r2 + i2 > 4.0) break;
        zi = 2.0 * zr * zi + ci;
        zr = r2 - i2 + cr;
        i++;
      }
      if (i === limit) inside++;
    }
  }
  return inside;
}
console.log(mandelbrot(260, 100));
