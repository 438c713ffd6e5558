/* sentences.c - sources made up from grammar/aio.gram, which the parser must take.
 *
 *   sentences GRAMMAR COUNT [FOLDER]
 * Each is a random derivation of the rule `statement`, the shorter the deeper it goes.  Prints what
 * the parser refuses and why, and "N made up, N refused"; the status is 1 when there are any.
 * With FOLDER each becomes a file there.
 * Neighbours: tests/check/grammar.sh and tests/fuzz/fuzz.sh (run this). */
/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syntax/parser.h"

enum { RULES_MAX = 200, TEXT_MAX = 4000 };

typedef enum ItemKind { CHOICE, SEQUENCE, OPTIONAL, ANY, SOME, QUOTED, WORD } ItemKind;

typedef struct Item { /* a part of a rule's text */
    ItemKind kind;
    char text[40];          /* QUOTED, WORD */
    struct Item *items[40]; /* the parts of the others */
    int count;
} Item;

typedef struct GrammarRule {
    char name[60];
    char text[TEXT_MAX]; /* alternatives joined by " | " */
    Item *item;
    int depth; /* of its shortest sentence */
} GrammarRule;

static GrammarRule rules[RULES_MAX];
static int rule_count;

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
    static const char *const conversions[] = {"r", "s", "a"};
    if (!strcmp(word, "NAME")) put(glue ? one_of(conversions, 3) : one_of(names, 8));
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
    put_item(start->item, 8 + (int)random_below(16));
    sentence[sentence_len] = 0;
}

static void keep_sentence(const char *folder, int number)
{
    char path[500];
    snprintf(path, sizeof path, "%s/sentence.%d", folder, number);
    FILE *file = fopen(path, "w");
    if (!file || fputs(sentence, file) < 0 || fclose(file) != 0) {
        perror(path);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    int made = 0, refused = 0;
    if (argc != 3 && argc != 4) return 2;
    read_grammar(read_file(argv[1]));
    for (int i = 0; i < rule_count; i++) {
        const char *text = rules[i].text;
        rules[i].item = parse_choice(&text);
    }
    measure_rules();
    for (int i = atoi(argv[2]); i > 0 && refused < 20; i--) {
        const char *message = "";
        make_sentence();
        if (sentence_full) continue;
        made++;
        if (argc == 4) keep_sentence(argv[3], made);
        if (parses(sentence, &message)) continue;
        refused++;
        printf("  refused, %s:\n%s\n", message, sentence);
    }
    printf("%d made up, %d refused\n", made, refused);
    return refused > 0;
}
