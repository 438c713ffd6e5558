" Indenting of aio scripts: one step deeper after a colon or an open bracket, one back after a
" statement that leaves the block, and `else` and its like level with what they belong to.
if exists('b:did_indent')
  finish
endif
let b:did_indent = 1

setlocal indentexpr=AioIndent(v:lnum) indentkeys+=<:>,=elif,=else,=except,=finally nolisp autoindent
let b:undo_indent = 'setlocal indentexpr< indentkeys< lisp< autoindent<'

if exists('*AioIndent')
  finish
endif

" The text of a line without strings and comment.
function! s:Code(number)
  let text = substitute(getline(a:number), '"\%(\\.\|[^"\\]\)*"\|''\%(\\.\|[^''\\]\)*''', '""', 'g')
  return substitute(text, '\s*#.*$', '', '')
endfunction

" How many more brackets a line opens than it closes.
function! s:Depth(number)
  let text = s:Code(a:number)
  return len(substitute(text, '[^([{]', '', 'g')) - len(substitute(text, '[^])}]', '', 'g'))
endfunction

" Where `else` and its like stand: level with a statement around this line that they can follow; where
" that is one already, there; else with the nearest.
function! s:Level(number, openers)
  let nearest = -1
  let inner = 10000
  for line in range(a:number - 1, 1, -1)
    if getline(line) !~# '\S' || indent(line) >= inner
      continue
    endif
    let inner = indent(line)
    if s:Code(line) =~# '^\s*\%(async\s\+\)\?\%(' . a:openers . '\)\>'
      if inner == indent(a:number)
        return -1
      endif
      let nearest = nearest < 0 ? inner : nearest
    endif
  endfor
  return nearest
endfunction

function! AioIndent(number)
  let before = prevnonblank(a:number - 1)
  if before == 0
    return 0
  endif
  let text = s:Code(before)
  let depth = s:Depth(before)
  if depth > 0 || text =~# '\\$'
    " How to continue is a matter of taste: what stands there already stays.
    return getline(a:number) =~# '\S' ? -1 : indent(before) + 2 * shiftwidth()
  endif
  " The statement begins where its brackets were opened.
  let first = before
  while depth < 0 && first > 1
    let first -= 1
    let depth += s:Depth(first)
  endwhile
  let deep = indent(first)
  if text =~# ':$'
    let deep += shiftwidth()
  elseif s:Code(first) =~# '^\s*\%(return\|raise\|break\|continue\|pass\)\>'
    let deep -= shiftwidth()
  endif
  let own = getline(a:number)
  if own =~# '^\s*\%(elif\|else\|except\|finally\)\>'
    return s:Level(a:number, own =~# '^\s*e\%(lif\|lse\)' ? 'if\|elif\|for\|while\|except' : 'try\|except')
  endif
  " Where a block ends only its writer knows: a line that stands further left stays there.
  return own =~# '\S' && indent(a:number) <= deep ? -1 : max([deep, 0])
endfunction
