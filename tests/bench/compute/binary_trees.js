function make(depth) {
  if (depth === 0) return [null, null];
  depth--;
  return [make(depth), make(depth)];
}
function check(tree) {
  return tree[0] === null ? 1 : 1 + check(tree[0]) + check(tree[1]);
}
const largest = 16, keep = make(largest);
let total = 0;
for (let depth = 4; depth <= largest; depth += 4)
  for (let i = 1 << (largest - depth + 2); i > 0; i--) total += check(make(depth));
console.log(total + check(keep));
