/* check_grammar.c - holds grammar/aio.gram and the parser against each other.
 *
 *   check_grammar GRAMMAR SENTENCES SOURCE.c...
 * Checks that
 *   - the rules described in the sources are those of the grammar, in the same words;
 *   - what a rule uses exists: rules, tokens, keywords;
 *   - what a rule's function calls or consumes is mentioned in the rule;
 *   - every ok: example parses and no bad: one does;
 *   - SENTENCES made up from the rules parse.
 * Prints what is wrong and "N passed, N failed".
 * Neighbours: tests/check/grammar.sh (builds and runs this), interp/syntax/rule.h (RULE). */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/parser.h"
#include "syntax/token.h"

enum { RULES_MAX = 200, TEXT_MAX = 4000, EXAMPLES_MAX = 1000 };

typedef enum ItemKind { CHOICE, SEQUENCE, OPTIONAL, ANY, SOME, QUOTED, WORD } ItemKind;

typedef struct Item { /* a part of a rule's text */
    ItemKind kind;
    char text[40];          /* QUOTED, WORD */
    struct Item *items[40]; /* the parts of the others */
    int count;
} Item;

typedef struct GrammarRule {
    char name[60];
    char text[TEXT_MAX];  /* alternatives joined by " | " */
    char found[TEXT_MAX]; /* the same from the parser's sources */
    Item *item;
    int depth; /* of its shortest sentence */
} GrammarRule;

typedef struct Example {
    char text[200], rule[60];
    bool good;
} Example;

static GrammarRule rules[RULES_MAX];
static Example examples[EXAMPLES_MAX];
static int rule_count, example_count, passed, failed;

__attribute__((format(printf, 2, 3))) static void check(bool fine, const char *format, ...)
{
    va_list args;
    if (fine) {
        passed++;
        return;
    }
    failed++;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    fseek(file, 0, SEEK_END);
    size_t len = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, len + 1);
    if (!text || fread(text, 1, len, file) != len) exit(2);
    fclose(file);
    return text;
}

static GrammarRule *find_rule(const char *name)
{
    for (int i = 0; i < rule_count; i++) {
        if (!strcmp(rules[i].name, name)) return &rules[i];
    }
    return NULL;
}

/* --- Reading the grammar --- */

/* Appends words of text to out with single blanks between them. */
static void append_words(char *out, const char *text, size_t len)
{
    size_t at = strlen(out);
    for (size_t i = 0; i < len && at < TEXT_MAX - 2; i++) {
        if (!isspace((unsigned char)text[i])) out[at++] = text[i];
        else if (at && out[at - 1] != ' ') out[at++] = ' ';
    }
    while (at && out[at - 1] == ' ') at--;
    out[at] = 0;
}

/* The length of an alternative without its "-> Node". */
static size_t without_node(const char *text)
{
    const char *arrow = strstr(text, "-> ");
    while (arrow && arrow > text && arrow[-1] == '\'') arrow = strstr(arrow + 1, "-> ");
    return arrow ? (size_t)(arrow - text) : strlen(text);
}

static void add_example(const char *text, bool good)
{
    Example *example = &examples[example_count++];
    size_t at = 0;
    example->good = good;
    strcpy(example->rule, rules[rule_count - 1].name);
    while (*text == ' ') text++;
    for (; *text && at < sizeof example->text - 2; text++) {
        if (text[0] == '\\' && text[1] == 'n') text++, example->text[at++] = '\n';
        else example->text[at++] = *text;
    }
    example->text[at++] = '\n';
    example->text[at] = 0;
}

static void read_grammar(char *text)
{
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        size_t indent = strspn(line, " ");
        char *rest = line + indent;
        if (!*rest || *rest == '#') continue;
        if (!indent) {
            sscanf(rest, "%59[a-z_0-9]", rules[rule_count++].name);
        } else if (*rest == '|') {
            char *rule = rules[rule_count - 1].text;
            if (*rule) strcat(rule, " | ");
            append_words(rule, rest + 1, 0);
            size_t at = strlen(rule);
            const char *start = rest + 1 + strspn(rest + 1, " ");
            append_words(rule + at, start, without_node(start));
        } else if (!strncmp(rest, "ok:", 3)) {
            add_example(rest + 3, true);
        } else if (!strncmp(rest, "bad:", 4)) {
            add_example(rest + 4, false);
        } else {
            check(false, "aio.gram: what is this line? %s", line);
        }
    }
}

/* --- Reading the sources --- */

/* One "name: text" paragraph of a comment. */
static void found_rule(const char *name, const char *text, size_t len)
{
    GrammarRule *rule = find_rule(name);
    check(rule != NULL, "%s: described in the parser, not in aio.gram", name);
    if (!rule) return;
    while (len && (isspace((unsigned char)*text) || *text == '|')) text++, len--;
    append_words(rule->found, text, len);
}

/* Whether the word, of len letters, stands in the text of the rule or of those described with it.
 */
static bool mentions(const char *comment, const char *word, size_t len)
{
    for (const char *at = comment; (at = strstr(at, word)); at++) {
        (void)len;
        bool starts = at == comment || (!isalnum((unsigned char)at[-1]) && at[-1] != '_');
        char after = at[strlen(word)];
        if (starts && !isalnum((unsigned char)after) && after != '_') return true;
    }
    return false;
}

/* What the function calls and consumes is in its comment. */
static void check_body(const char *name, const char *comment, const char *body, const char *end)
{
    static const char *const consumers[] = {"accept(p, ", "expect(p, ", "expect_forced(p, "};
    for (const char *at = body; (at = strstr(at, "parse_")) && at < end; at++) {
        char callee[60];
        if (sscanf(at + 6, "%59[a-z_0-9]", callee) != 1 || !find_rule(callee)) continue;
        check(mentions(comment, callee, 0), "%s: the function uses %s, the rule does not", name,
              callee);
    }
    for (int i = 0; i < 3; i++) {
        for (const char *at = body; (at = strstr(at, consumers[i])) && at < end; at++) {
            char token[60];
            if (sscanf(at + strlen(consumers[i]), "%59[A-Z_]", token) != 1) continue;
            for (int kind = 0; kind < TOKEN_KIND_COUNT; kind++) {
                static const char *const names[] = {
#define TOKEN(name_, text_)   [TOK_##name_] = "TOK_" #name_,
#define KEYWORD(name_, text_) [KW_##name_] = "KW_" #name_,
#include "../grammar/tokens.def"
                    [TOK_NAME] = "TOK_NAME",
                    [TOK_NUMBER] = "TOK_NUMBER",
                    [TOK_NEWLINE] = "TOK_NEWLINE",
                };
                if (!names[kind] || strcmp(names[kind], token)) continue;
                const char *text = token_kind_text((TokenKind)kind);
                char quoted[60];
                snprintf(quoted, sizeof quoted, text ? "'%s'" : "%s", text ? text : token + 4);
                check(strstr(comment, quoted) != NULL,
                      "%s: the function consumes %s, the rule does not", name, quoted);
            }
        }
    }
}

/* The name in "RULE(name)" or "RULE_WITH(type, name, ...)". */
static void macro_name(const char *macro, char *name)
{
    const char *at = strchr(macro, '(') + 1;
    if (!strncmp(macro, "RULE_WITH", 9)) at = strchr(at, ',') + 2;
    name[0] = 0;
    sscanf(at, "%59[a-z_0-9]", name);
}

/* Takes a comment "... */ " directly above a RULE apart into its paragraphs. */
    static void
    read_comment(const char *start, const char *end, const char *macro)
{
    char text[TEXT_MAX] = "", name[60], first[60] = "", word[60];
    size_t at = 0;
    macro_name(macro, name);
    for (const char *c = start; c < end && at < TEXT_MAX - 1; c++) {
        if (c > start && c[-1] == '\n') { /* drop " * " */
            c += strspn(c, " ");
            if (*c == '*') c++;
            if (c >= end) break;
        }
        text[at++] = *c;
    }
    text[at] = 0;
    for (char *paragraph = text; paragraph;) {
        char *next = paragraph;
        while ((next = strchr(next, '\n')) && next[1 + strspn(next + 1, " ")] != '\n') next++;
        if (next) *next = 0;
        int used = 0;
        if (sscanf(paragraph, " %59[a-z_0-9]:%n", word, &used) == 1 && used) {
            if (!*first) strcpy(first, word);
            found_rule(word, paragraph + used, strlen(paragraph + used));
        }
        paragraph = next ? next + 1 : NULL;
    }
    check(!strcmp(first, name), "RULE(%s): the comment above it describes %s", name,
          *first ? first : "nothing");
    const char *body = strchr(macro, '{'), *body_end = strstr(macro, "\n}");
    if (body && body_end) check_body(name, start, body, body_end);
}

static void read_source(const char *path)
{
    char *text = read_file(path);
    for (char *macro = text; (macro = strstr(macro, "\nRULE")) != NULL || (macro = NULL) != NULL;) {
        macro++;
        if (!strchr("(_", macro[4])) continue;
        char *before = macro - 1;
        char *start = NULL;
        for (char *at = text; (at = strstr(at, "/*")) && at < before; at++) start = at;
        char *end = start ? strstr(start, "*/") : NULL;
        char name[60];
        macro_name(macro, name);
        if (!end || end + 2 != before) {
            check(false, "RULE(%s) in %s has no comment above it", name, path);
            continue;
        }
        char saved = *end;
        *end = 0; /* strstr in check_body must stay inside the comment */
        read_comment(start + 2, end, macro);
        *end = saved;
    }
    free(text);
}

static void compare_texts(void)
{
    for (int i = 0; i < rule_count; i++) {
        const GrammarRule *rule = &rules[i];
        check(*rule->found, "%s: in aio.gram, not described in the parser", rule->name);
        if (*rule->found) {
            check(!strcmp(rule->text, rule->found),
                  "%s: aio.gram and parser differ\n  gram:   %s\n  parser: %s", rule->name,
                  rule->text, rule->found);
        }
    }
}

/* --- Understanding the rules --- */

static Item *new_item(ItemKind kind)
{
    Item *item = calloc(1, sizeof *item);
    if (!item) exit(2);
    item->kind = kind;
    return item;
}

static Item *parse_choice(const char **at);

static Item *parse_item(const char **at)
{
    Item *item;
    size_t len;
    const char *text = *at;
    if (*text == '[' || *text == '(') {
        (*at)++;
        item = parse_choice(at);
        (*at)++;
        if (*text == '[') {
            Item *optional = new_item(OPTIONAL);
            optional->items[optional->count++] = item;
            item = optional;
        }
    } else if (*text == '\'') {
        len = strcspn(text + 1, "'");
        item = new_item(QUOTED);
        snprintf(item->text, sizeof item->text, "%.*s", (int)len, text + 1);
        *at += len + 2;
    } else {
        len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (!len) {
            printf("aio.gram: cannot read %s\n", text);
            exit(1);
        }
        item = new_item(WORD);
        snprintf(item->text, sizeof item->text, "%.*s", (int)len, text);
        *at += len;
    }
    if (**at == '*' || **at == '+') {
        Item *repeated = new_item(**at == '*' ? ANY : SOME);
        repeated->items[repeated->count++] = item;
        item = repeated;
        (*at)++;
    }
    return item;
}

static Item *parse_choice(const char **at)
{
    Item *choice = new_item(CHOICE), *sequence = new_item(SEQUENCE);
    choice->items[choice->count++] = sequence;
    while (**at && **at != ']' && **at != ')') {
        if (**at == ' ') {
            (*at)++;
        } else if (**at == '|') {
            sequence = new_item(SEQUENCE);
            choice->items[choice->count++] = sequence;
            (*at)++;
        } else {
            sequence->items[sequence->count++] = parse_item(at);
        }
    }
    return choice;
}

static bool is_terminal(const char *word)
{
    static const char *const words[] = {
        "NAME",   "NUMBER", "IMAGINARY",     "STRING",        "NEWLINE",        "INDENT",
        "DEDENT", "END",    "FSTRING_START", "TSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!strcmp(word, words[i])) return true;
    }
    return false;
}

static bool is_token(const char *text)
{
    for (int kind = 0; kind < TOKEN_KIND_COUNT; kind++) {
        const char *known = token_kind_text((TokenKind)kind);
        if (known && !strcmp(known, text)) return true;
    }
#define SOFT(name, word)                                                                           \
    if (!strcmp(text, word)) return true;
#include "../grammar/tokens.def"
    return !strcmp(text, "r") || !strcmp(text, "s") || !strcmp(text, "a"); /* conversions */
}

static void check_item(const GrammarRule *rule, const Item *item)
{
    if (item->kind == WORD) {
        check(find_rule(item->text) || is_terminal(item->text), "%s: there is no %s", rule->name,
              item->text);
    } else if (item->kind == QUOTED) {
        check(is_token(item->text), "%s: there is no token '%s'", rule->name, item->text);
    }
    for (int i = 0; i < item->count; i++) check_item(rule, item->items[i]);
}

/* --- Making up sentences --- */

enum { FAR = 1000, SENTENCE_MAX = 6000 };

static uint64_t random_state = 88172645463325252u;
static char sentence[SENTENCE_MAX + 200];
static size_t sentence_len;
static int indentation, fields, specs;
static bool line_starts, glue, sentence_full;

static unsigned random_below(unsigned limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)(random_state >> 33) % limit;
}

/* How many rules deep the shortest sentence of an item is. */
static int item_depth(const Item *item)
{
    int depth = item->kind == CHOICE ? FAR : 0;
    if (item->kind == WORD) {
        const GrammarRule *rule = find_rule(item->text);
        return rule ? rule->depth + 1 : 0;
    }
    if (item->kind == OPTIONAL || item->kind == ANY) return 0;
    for (int i = 0; i < item->count; i++) {
        int part = item_depth(item->items[i]);
        if (item->kind == CHOICE ? part < depth : part > depth) depth = part;
    }
    return depth;
}

static void measure_rules(void)
{
    for (int i = 0; i < rule_count; i++) rules[i].depth = FAR;
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = 0; i < rule_count; i++) {
            int depth = item_depth(rules[i].item);
            if (depth < rules[i].depth) rules[i].depth = depth, changed = true;
        }
    }
}

static void put(const char *text)
{
    if (sentence_len + strlen(text) + (size_t)indentation * 2 + 4 > SENTENCE_MAX) {
        sentence_full = true;
        return;
    }
    if (line_starts) {
        for (int i = 0; i < indentation * 2; i++) sentence[sentence_len++] = ' ';
    } else if (!glue && sentence_len) {
        sentence[sentence_len++] = ' ';
    }
    line_starts = glue = false;
    strcpy(sentence + sentence_len, text);
    sentence_len += strlen(text);
}

static const char *one_of(const char *const *texts, unsigned count)
{
    return texts[random_below(count)];
}

static void put_terminal(const char *word)
{
    static const char *const names[] = {"a",    "b",    "spam",  "match",
                                        "case", "type", "print", "\xc3\xa9"};
    static const char *const numbers[] = {"0", "1", "1.5", "0x1F", "1e3", "1_000"};
    static const char *const strings[] = {"'text'", "\"\"\"a\nb\"\"\"", "r'\\d'", "u''"};
    if (!strcmp(word, "NAME")) put(one_of(names, 8));
    else if (!strcmp(word, "NUMBER")) put(one_of(numbers, 6));
    else if (!strcmp(word, "IMAGINARY")) put("2j");
    else if (!strcmp(word, "STRING")) put(one_of(strings, 4));
    else if (!strcmp(word, "FSTRING_START")) put("f\"");
    else if (!strcmp(word, "TSTRING_START")) put("t\"");
    else if (!strcmp(word, "FSTRING_MIDDLE")) put("text");
    else if (!strcmp(word, "FSTRING_END")) put("\"");
    else if (!strcmp(word, "INDENT")) indentation++;
    else if (!strcmp(word, "DEDENT")) indentation--;
    else if (!strcmp(word, "NEWLINE")) {
        sentence[sentence_len++] = '\n';
        line_starts = true;
    }
}

static void put_item(const Item *item, int budget);

static void put_choice(const Item *item, int budget)
{
    int fitting[40], count = 0, best = 0;
    for (int i = 0; i < item->count; i++) {
        const Item *part = item->items[i];
        int depth = item_depth(part);
        bool lambda = part->count && !strcmp(part->items[0]->text, "lambdef");
        if (lambda && fields) continue; /* a lambda's ':' would start a format specification */
        if (depth <= budget) fitting[count++] = i;
        if (depth < item_depth(item->items[best])) best = i;
    }
    put_item(item->items[count ? fitting[random_below((unsigned)count)] : best], budget);
}

static void put_rule(const GrammarRule *rule, int budget)
{
    int outer = fields;
    bool field = !strcmp(rule->name, "replacement_field");
    bool bracket = !strcmp(rule->name, "group") || !strcmp(rule->name, "list") ||
                   !strcmp(rule->name, "dict_or_set");
    if (field) fields = 1;
    if (bracket) fields = 0;
    put_item(rule->item, budget - 1);
    fields = outer;
}

static void put_item(const Item *item, int budget)
{
    const GrammarRule *rule;
    bool fits = item->count && item_depth(item->items[0]) <= budget && !sentence_full;
    switch (item->kind) {
    case CHOICE: put_choice(item, budget); break;
    case SEQUENCE:
        for (int i = 0; i < item->count; i++) put_item(item->items[i], budget);
        break;
    case SOME: put_item(item->items[0], budget); /* fall through */
    case ANY:
        while (fits && !random_below(3)) put_item(item->items[0], budget);
        break;
    case OPTIONAL: {
        bool spec = !strcmp(item->items[0]->items[0]->items[0]->text, "format_spec");
        if (!fits || random_below(2) || (spec && specs)) break; /* they nest only so deep */
        specs += spec;
        put_item(item->items[0], budget);
        specs -= spec;
        break;
    }
    case QUOTED:
        put(item->text);
        glue = !strcmp(item->text, "!"); /* nothing between it and the conversion */
        break;
    case WORD:
        rule = find_rule(item->text);
        if (rule) put_rule(rule, budget);
        else put_terminal(item->text);
        break;
    }
}

static bool parses(const char *text, const char **message)
{
    Arena arena;
    static char copy[200];
    arena_open(&arena);
    ParseResult result = parse(&arena, text, (ptrdiff_t)strlen(text), PARSE_FILE);
    if (!result.tree) {
        snprintf(copy, sizeof copy, "line %d, column %d: %s", result.problem.pos.line,
                 result.problem.pos.col + 1, result.problem.message);
        *message = copy;
    }
    bool fine = result.tree != NULL;
    arena_close(&arena);
    return fine;
}

static void make_sentence(void)
{
    const GrammarRule *start = find_rule("statement");
    sentence_len = 0;
    indentation = fields = specs = 0;
    line_starts = glue = sentence_full = false;
    put_item(start->item, 8 + (int)random_below(30));
    sentence[sentence_len] = 0;
}

static void check_examples(void)
{
    const char *message = "";
    for (int i = 0; i < example_count; i++) {
        const Example *example = &examples[i];
        bool good = parses(example->text, &message);
        check(good == example->good, "%s: %s parse: %s%s", example->rule,
              example->good ? "should" : "should not", example->text, good ? "" : message);
    }
}

int main(int argc, char **argv)
{
    if (argc < 4) return 2;
    read_grammar(read_file(argv[1]));
    for (int i = 3; i < argc; i++) read_source(argv[i]);
    compare_texts();
    for (int i = 0; i < rule_count; i++) {
        const char *text = rules[i].text;
        rules[i].item = parse_choice(&text);
        check_item(&rules[i], rules[i].item);
    }
    check_examples();
    measure_rules();
    for (int i = atoi(argv[2]); i > 0 && failed < 20; i--) {
        const char *message = "";
        make_sentence();
        if (sentence_full) continue;
        check(parses(sentence, &message), "made up, should parse: %s\n%s", message, sentence);
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
