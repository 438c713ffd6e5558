local function fannkuch(n)
  local perm1, count, perm = {}, {}, {}
  for i = 0, n - 1 do perm1[i] = i; count[i] = 0 end
  local most, checksum, permutation, r = 0, 0, 0, n
  while true do
    while r ~= 1 do count[r - 1] = r; r = r - 1 end
    for i = 0, n - 1 do perm[i] = perm1[i] end
    local flips, k = 0, perm[0]
    while k ~= 0 do
      local i, j = 0, k
      while i < j do
        perm[i], perm[j] = perm[j], perm[i]
        i = i + 1
        j = j - 1
      end
      flips = flips + 1
      k = perm[0]
    end
    if flips > most then most = flips end
    if permutation % 2 == 1 then checksum = checksum - flips else checksum = checksum + flips end
    while true do
      if r == n then return checksum, most end
      local first, i = perm1[0], 0
      while i < r do perm1[i] = perm1[i + 1]; i = i + 1 end
      perm1[r] = first
      count[r] = count[r] - 1
      if count[r] > 0 then break end
      r = r + 1
    end
    permutation = permutation + 1
  end
end
local a, b = fannkuch(9)
print(a .. " " .. b)
