/* Looks for card numbers in a file, or in the memory of a running process: what a core image of it would hold.
 *
 *   search file <path>      search memory <pid>
 *
 * Of a process: every page that is its own (writable, or of no file) and that it has ever touched.
 * Standard input has what to look for, a line each:
 *   digits <card> <12 to 19 digits>          in order, as text or as bytes 0 ... 9, up to 64 bytes apart, all at one distance
 *   bytes <card> <label> <hexadecimal>       exactly these bytes
 * Standard output has what was found, each shape of each card once, with where it was and the bytes around it; at last
 * "read <bytes>":
 *   found <card> <label> <offset or address> <mapping> <hexadecimal>
 */
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  SHORTEST = 12,
  LONGEST = 19,
  STRIDES = 64,
  CARDS = 64,
  CHUNK = 1 << 22,
  REACH = LONGEST * STRIDES,
  NODES = 40000,
  PATTERNS = 40000,
  PAGE = 4096,
  AROUND = 32
};

static int tree[NODES][10]; /* below 0: the end of a number of card -1 - n */
static int nodes = 1;
static struct pattern { char label[32]; unsigned char bytes[64]; int length, card, next; } patterns[PATTERNS];
static int pattern_count;
static int begins[65536]; /* first pattern with these two bytes, plus one */
static unsigned char found_stride[CARDS][2][STRIDES + 1];
static unsigned char found_pattern[PATTERNS];
static unsigned long long total;
static char mapping[128] = "-";

static void fail(const char *what) {
  fprintf(stderr, "search: %s\n", what);
  exit(2);
}

static void plant(int card, const char *digits) {
  size_t length = strlen(digits);
  if (length < SHORTEST || length > LONGEST || strspn(digits, "0123456789") != length) fail("12 to 19 digits are needed");
  int node = 0;
  for (size_t i = 0; i < length; i++) {
    int *slot = &tree[node][digits[i] - '0'];
    if (*slot < 0) return; /* a shorter run of the same digits is looked for already */
    if (i == length - 1) {
      *slot = -1 - card;
      return;
    }
    if (*slot == 0) {
      if (nodes == NODES) fail("too many digits");
      *slot = nodes++;
    }
    node = *slot;
  }
}

static void add(int card, const char *label, const char *hex) {
  if (pattern_count == PATTERNS) fail("too many patterns");
  struct pattern *p = &patterns[pattern_count++];
  snprintf(p->label, sizeof p->label, "%s", label);
  p->card = card;
  p->length = (int)strlen(hex) / 2;
  if (p->length < 4 || p->length > 64) fail("a pattern of 4 to 64 bytes is needed");
  for (int i = 0; i < p->length; i++) {
    unsigned byte;
    if (sscanf(hex + 2 * i, "%2x", &byte) != 1) fail("no hexadecimal");
    p->bytes[i] = (unsigned char)byte;
  }
  int *head = &begins[p->bytes[0] << 8 | p->bytes[1]];
  p->next = *head;
  *head = pattern_count;
}

static void tell(int card, const char *label, const unsigned char *bytes, size_t length, size_t at, size_t reach,
                 unsigned long long base) {
  size_t from = at > AROUND ? at - AROUND : 0;
  size_t to = at + reach + AROUND < length ? at + reach + AROUND : length;
  printf("found %d %s %llx %s ", card, label, base + at, mapping);
  for (size_t i = from; i < to; i++) printf("%02x", bytes[i]);
  printf("\n");
}

static void follow(const unsigned char *bytes, size_t length, size_t at, int first, int zero, unsigned long long base) {
  int start = tree[0][first];
  if (start <= 0) return;
  for (int stride = 1; stride <= STRIDES; stride++) {
    int node = start;
    size_t i = at + (size_t)stride;
    for (; node > 0 && i < length; i += (size_t)stride) {
      unsigned digit = (unsigned)bytes[i] - (unsigned)zero;
      node = digit <= 9 ? tree[node][digit] : 0;
    }
    if (node >= 0 || found_stride[-1 - node][zero != 0][stride]) continue;
    found_stride[-1 - node][zero != 0][stride] = 1;
    char label[32];
    snprintf(label, sizeof label, "%s,%d-apart", zero ? "ASCII" : "bytes-0-9", stride);
    tell(-1 - node, label, bytes, length, at, i - at, base);
  }
}

static void search(const unsigned char *bytes, size_t length, unsigned long long base) {
  static const unsigned char nothing[PAGE];
  for (size_t i = 0; i + 1 < length; i++) {
    /* A number doesn't begin in a page of nothing. */
    if ((i & (PAGE - 1)) == 0 && i + PAGE <= length && memcmp(bytes + i, nothing, PAGE) == 0) {
      i += PAGE - 2;
      continue;
    }
    for (int p = begins[bytes[i] << 8 | bytes[i + 1]]; p; p = patterns[p - 1].next) {
      const struct pattern *pattern = &patterns[p - 1];
      size_t size = (size_t)pattern->length;
      if (found_pattern[p - 1] || i + size > length || memcmp(bytes + i, pattern->bytes, size) != 0) continue;
      found_pattern[p - 1] = 1;
      tell(pattern->card, pattern->label, bytes, length, i, size, base);
    }
    if (bytes[i] >= 1 && bytes[i] <= 9) follow(bytes, length, i, bytes[i], 0, base);
    else if (bytes[i] > '0' && bytes[i] <= '9') follow(bytes, length, i, bytes[i] - '0', '0', base);
  }
}

static void search_range(int file, unsigned char *chunk, unsigned long long from, unsigned long long to) {
  for (unsigned long long at = from; at < to; at += CHUNK - REACH) {
    unsigned long long left = to - at;
    ssize_t got = pread(file, chunk, left < CHUNK ? (size_t)left : CHUNK, (off_t)at);
    if (got <= 0) break; /* a device's pages, or a range that is gone by now */
    total += (unsigned long long)got;
    search(chunk, (size_t)got, at);
    if (left <= CHUNK || got < CHUNK) break;
  }
}

/* Runs of touched pages: most of what a process reserves it never uses. Bits 63 and 62: in memory, in swap. */
static void search_touched(int memory, int pages, unsigned char *chunk, unsigned long long from, unsigned long long to) {
  static uint64_t entries[4096];
  unsigned long long begin = 0;
  for (unsigned long long at = from; at < to;) {
    size_t want = (size_t)((to - at) / PAGE);
    if (want > 4096) want = 4096;
    ssize_t got = pread(pages, entries, want * 8, (off_t)(at / PAGE * 8));
    if (got <= 0) {
      search_range(memory, chunk, at, to);
      break;
    }
    for (ssize_t i = 0; i < got / 8; i++, at += PAGE) {
      int touched = (entries[i] >> 62) != 0;
      if (touched && !begin) begin = at;
      else if (!touched && begin) {
        search_range(memory, chunk, begin, at);
        begin = 0;
      }
    }
  }
  if (begin) search_range(memory, chunk, begin, to);
}

static void search_memory(const char *pid, unsigned char *chunk) {
  char path[64], line[512];
  snprintf(path, sizeof path, "/proc/%.20s/maps", pid);
  FILE *maps = fopen(path, "r");
  snprintf(path, sizeof path, "/proc/%.20s/pagemap", pid);
  int pages = open(path, O_RDONLY);
  snprintf(path, sizeof path, "/proc/%.20s/mem", pid);
  int memory = open(path, O_RDONLY);
  if (!maps || pages < 0 || memory < 0) fail("the process's memory can't be read");
  while (fgets(line, sizeof line, maps)) {
    unsigned long long from, to, inode;
    char mode[8], name[128] = "anonymous";
    if (sscanf(line, "%llx-%llx %7s %*s %*s %llu %127s", &from, &to, mode, &inode, name) < 4) continue;
    if (mode[0] != 'r' || (mode[1] != 'w' && inode != 0) || strncmp(name, "[v", 2) == 0) continue;
    snprintf(mapping, sizeof mapping, "%s", name);
    search_touched(memory, pages, chunk, from, to);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) fail("usage: search file <path> | search memory <pid>");
  char line[512], first[128], second[256];
  int card;
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "digits %d %127s", &card, first) == 2 && card >= 0 && card < CARDS) plant(card, first);
    else if (sscanf(line, "bytes %d %31s %255s", &card, first, second) == 3 && card >= 0 && card < CARDS)
      add(card, first, second);
    else fail("a line of standard input is neither digits nor bytes");
  }
  unsigned char *chunk = malloc(CHUNK);
  if (!chunk) fail("no memory");
  if (strcmp(argv[1], "file") == 0) {
    int file = open(argv[2], O_RDONLY);
    if (file < 0) fail("the file can't be read");
    search_range(file, chunk, 0, ~0ULL);
  } else search_memory(argv[2], chunk);
  memset(chunk, 0, CHUNK);
  printf("read %llu\n", total);
  return 0;
}
