" Settings for aio scripts: four spaces, `:make` runs the file, `:Check` looks without running.
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal expandtab shiftwidth=4 softtabstop=4 tabstop=8
setlocal comments=b:#,fb:- commentstring=#\ %s
setlocal suffixesadd=.aio
setlocal makeprg=aio\ %:S
setlocal errorformat=%f:%l:%c:\ %m,%*\\sFile\ \"%f\"\\,\ line\ %l\\,\ %m,%*\\sFile\ \"%f\"\\,\ line\ %l
command! -buffer Check cexpr system('aio check ' . shellescape(expand('%')))
let b:undo_ftplugin = 'setlocal expandtab< shiftwidth< softtabstop< tabstop< comments< commentstring<'
      \ . ' suffixesadd< makeprg< errorformat< | delcommand -buffer Check'
