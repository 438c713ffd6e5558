" Which files are aio scripts: by name, or by `#!/usr/bin/env aio`.
autocmd BufNewFile,BufRead *.aio setfiletype aio
autocmd BufNewFile,BufRead * if !did_filetype() && getline(1) =~# '^#!.*\<aio\>' | setfiletype aio | endif
