" Highlighting of aio scripts: Python 3.14's syntax.
if exists('b:current_syntax')
  finish
endif

syntax keyword aioStatement False None True
syntax keyword aioStatement as assert break class continue def del global lambda nonlocal pass
syntax keyword aioStatement return with yield
syntax keyword aioConditional if elif else
syntax keyword aioRepeat for while
syntax keyword aioException try except finally raise
syntax keyword aioOperator and in is not or
syntax keyword aioInclude from import
syntax keyword aioAsync async await
" match, case and type are keywords only where a statement begins with them.
syntax match aioConditional '^\s*\zs\%(match\|case\)\>\ze\s\+[^=:.,)\]].*:\s*\%(#.*\)\?$'
syntax match aioConditional '^\s*\zs\%(match\|case\)\ze\s*[([{].*:\s*\%(#.*\)\?$'
syntax match aioStatement '^\s*\zstype\ze\s\+\h\w*\s*[[=]'
syntax match aioDefinition '\%(\<\%(def\|class\)\s\+\)\@<=\h\w*'
syntax match aioDecorator '^\s*\zs@\s*\h[[:alnum:]_.]*'

syntax keyword aioBuiltin NotImplemented Ellipsis __debug__ __name__ __file__
syntax match aioBuiltin '\%(\.\s*\)\@<!\<\%(abs\|aiter\|all\|anext\|any\|ascii\|bin\|bool\|breakpoint\|bytearray\|bytes\|callable\|chr\|classmethod\|compile\|complex\|delattr\|dict\|dir\|divmod\|enumerate\|eval\|exec\|filter\|float\|format\|frozenset\|getattr\|globals\|hasattr\|hash\|help\|hex\|id\|input\|int\|isinstance\|issubclass\|iter\|len\|list\|locals\|map\|max\|memoryview\|min\|next\|object\|oct\|open\|ord\|pow\|print\|property\|range\|repr\|reversed\|round\|set\|setattr\|slice\|sorted\|staticmethod\|str\|sum\|super\|tuple\|vars\|zip\)\>'
syntax match aioErrorClass '\<\%(\u\w*\%(Error\|Warning\)\|\%(Base\)\?Exception\%(Group\)\?\|KeyboardInterrupt\|SystemExit\|GeneratorExit\|Stop\%(Async\)\?Iteration\)\>'

syntax match aioNumber '\<0\%([xX]\%(_\?\x\)\+\|[oO]\%(_\?\o\)\+\|[bB]\%(_\?[01]\)\+\)\>'
syntax match aioNumber '\%(\w\|\.\)\@<!\%(\d\%(_\?\d\)*\.\?\%(\d\%(_\?\d\)*\)\?\|\.\d\%(_\?\d\)*\)\%([eE][-+]\?\d\%(_\?\d\)*\)\?[jJ]\?\w\@!'

syntax match aioEscape '\\\%([abfnrtv''"\\]\|\o\{1,3}\|x\x\{2}\|u\x\{4}\|U\x\{8}\|N{[^}]*}\|$\)' contained
syntax match aioBrace '{{\|}}' contained
syntax region aioHole matchgroup=aioEscape start='{' end='}' contained contains=TOP
syntax region aioString start='\%(\<[uUbB]\)\?\z("""\|''''''\)' end='\z1' skip='\\.' contains=aioEscape,@Spell
syntax region aioString start='\%(\<[uUbB]\)\?\z(["'']\)' end='\z1\|\\\@<!$' skip='\\.\|\\$' contains=aioEscape,@Spell
syntax region aioString start='\<\%([rR][bB]\?\|[bB][rR]\)\z("""\|''''''\)' end='\z1' skip='\\.' contains=@Spell
syntax region aioString start='\<\%([rR][bB]\?\|[bB][rR]\)\z(["'']\)' end='\z1\|\\\@<!$' skip='\\.' contains=@Spell
syntax region aioFormat start='\<[fFtT]\z("""\|''''''\)' end='\z1' skip='\\.' contains=aioEscape,aioBrace,aioHole,@Spell
syntax region aioFormat start='\<[fFtT]\z(["'']\)' end='\z1\|\\\@<!$' skip='\\.\|\\$' contains=aioEscape,aioBrace,aioHole,@Spell
syntax region aioFormat start='\<\%([fFtT][rR]\|[rR][fFtT]\)\z("""\|''''''\|["'']\)' end='\z1' skip='\\.' contains=aioBrace,aioHole,@Spell

syntax keyword aioTodo TODO FIXME XXX NOTE contained
syntax match aioComment '#.*$' contains=aioTodo,@Spell
syntax match aioDirective '#\s*\zs\%(expect\%( error\)\?\|run\|stdin\|exit\|skip-unless\|aio only\):' contained containedin=aioComment

syntax sync minlines=200

highlight default link aioStatement Statement
highlight default link aioConditional Conditional
highlight default link aioRepeat Repeat
highlight default link aioException Exception
highlight default link aioOperator Operator
highlight default link aioInclude Include
highlight default link aioAsync Special
highlight default link aioDefinition Function
highlight default link aioDecorator PreProc
highlight default link aioBuiltin Identifier
highlight default link aioErrorClass Structure
highlight default link aioNumber Number
highlight default link aioString String
highlight default link aioFormat String
highlight default link aioEscape SpecialChar
highlight default link aioBrace SpecialChar
highlight default link aioTodo Todo
highlight default link aioDirective PreProc
highlight default link aioComment Comment

let b:current_syntax = 'aio'
