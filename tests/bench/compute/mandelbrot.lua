local function mandelbrot(size, limit)
  local inside = 0
  for row = 0, size - 1 do
    local ci = 2.0 * row / size - 1.0
    for column = 0, size - 1 do
      local cr = 2.0 * column / size - 1.5
      local zr, zi, i = 0.0, 0.0, 0
      while i < limit do
        local r2, i2 = zr * zr, zi * zi
        if r2 + i2 > 4.0 then break end
        zi = 2.0 * zr * zi + ci
        zr = r2 - i2 + cr
        i = i + 1
      end
      if i == limit then inside = inside + 1 end
    end
  end
  return inside
end
print(mandelbrot(260, 100))
