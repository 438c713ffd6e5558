local function make(depth)
  if depth == 0 then return {} end
  depth = depth - 1
  return {make(depth), make(depth)}
end
local function check(tree)
  if not tree[1] then return 1 end
  return 1 + check(tree[1]) + check(tree[2])
end
local largest = 16
local keep = make(largest)
local total = 0
for depth = 4, largest, 4 do
  for _ = 1, 1 << (largest - depth + 2) do total = total + check(make(depth)) end
end
print(total + check(keep))
