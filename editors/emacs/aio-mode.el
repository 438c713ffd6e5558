;;; aio-mode.el --- editing aio scripts  -*- lexical-binding: t -*-
;; SPDX-License-Identifier: MIT

;;; Commentary:
;; Python's mode knows how to indent and move; this adds what is aio's: the names of files, the
;; program that runs them (C-c C-c), `aio check' (C-c C-k), async and await set apart.

;;; Code:
(require 'python)
(require 'compile)

(defgroup aio nil "Editing aio scripts." :group 'languages)

(defcustom aio-program "aio" "The interpreter." :type 'string :group 'aio)

(defvar aio-mode-font-lock-keywords
  '(("\\_<\\(async\\|await\\)\\_>" 1 font-lock-constant-face prepend)
    ("\\_<\\(False\\|None\\|True\\)\\_>" . font-lock-constant-face)
    ("\\(?:^\\|[^.]\\)\\_<\\(and\\|as\\|assert\\|break\\|class\\|continue\\|def\\|del\\|elif\\|else\\|except\\|finally\\|for\\|from\\|global\\|if\\|import\\|in\\|is\\|lambda\\|nonlocal\\|not\\|or\\|pass\\|raise\\|return\\|try\\|while\\|with\\|yield\\)\\_>"
     1 font-lock-keyword-face)
    ;; Keywords only where a statement begins with them.
    ("^[ \t]*\\(match\\|case\\)[ \t]+[^=:.,)\n][^\n]*:[ \t]*\\(?:#.*\\)?$" 1 font-lock-keyword-face)
    ("^[ \t]*\\(type\\)[ \t]+\\([[:alpha:]_]\\(?:\\w\\|_\\)*\\)[ \t]*[[=]"
     (1 font-lock-keyword-face) (2 font-lock-type-face))
    ("^#[ \t]*\\(expect\\(?: error\\)?\\|run\\|stdin\\|exit\\|skip-unless\\|aio only\\):"
     1 font-lock-preprocessor-face prepend))
  "What is highlighted beside Python's own.")

(defun aio-run ()
  "Save the file and run it."
  (interactive)
  (save-buffer)
  (compile (format "%s %s" aio-program (shell-quote-argument buffer-file-name))))

(defun aio-check ()
  "Save the file and look for mistakes without running it."
  (interactive)
  (save-buffer)
  (compile (format "%s check %s" aio-program (shell-quote-argument buffer-file-name))))

(defvar aio-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'aio-run)
    (define-key map (kbd "C-c C-k") #'aio-check)
    map)
  "Keys of `aio-mode'.")

;;;###autoload
(define-derived-mode aio-mode python-mode "aio"
  "Major mode for aio scripts."
  (setq-local python-shell-interpreter aio-program)
  (setq-local python-indent-offset 4)
  (setq-local python-indent-guess-indent-offset nil)
  (setq-local indent-tabs-mode nil)
  (font-lock-add-keywords nil aio-mode-font-lock-keywords))

;; "FILE:LINE:COLUMN: AIO101 text" and the lines of a traceback.
(add-to-list 'compilation-error-regexp-alist-alist
             '(aio-check "^\\([^:\n]+\\):\\([0-9]+\\):\\([0-9]+\\): AIO[0-9]+ " 1 2 3))
(add-to-list 'compilation-error-regexp-alist-alist
             '(aio-traceback "^ *File \"\\([^\"]+\\)\", line \\([0-9]+\\)" 1 2))
(add-to-list 'compilation-error-regexp-alist 'aio-check)
(add-to-list 'compilation-error-regexp-alist 'aio-traceback)

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.aio\\'" . aio-mode))
;;;###autoload
(add-to-list 'interpreter-mode-alist '("aio" . aio-mode))

(provide 'aio-mode)
;;; aio-mode.el ends here
