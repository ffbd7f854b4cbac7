/* Looks for card numbers in a file, or in the writable memory of a running process: what a core image of it would hold.
 *
 *   search file <path>      search memory <pid>
 *
 * Standard input has what to look for, a line each:
 *   digits <12 digits>               in order, as text or as bytes 0 ... 9, up to 64 bytes apart, all at one distance
 *   bytes <label> <hexadecimal>      exactly these bytes
 * Standard output has what was found, each once: "<digits|bytes> <label>", and at last "read <bytes>".
 */
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WINDOW = 12, STRIDES = 64, CHUNK = 1 << 22, REACH = WINDOW * STRIDES, NODES = 20000, PATTERNS = 20000, PAGE = 4096 };

static int tree[NODES][10];
static int nodes = 1;
static struct pattern { char label[32]; unsigned char bytes[64]; int length, next; } patterns[PATTERNS];
static int pattern_count;
static int begins[65536]; /* first pattern with these two bytes, plus one */
static unsigned char found_stride[2][STRIDES + 1];
static unsigned char found_pattern[PATTERNS];
static unsigned long long total;

static void fail(const char *what) {
  fprintf(stderr, "search: %s\n", what);
  exit(2);
}

static void plant(const char *digits) {
  int node = 0;
  for (int i = 0; i < WINDOW; i++) {
    int *slot = &tree[node][digits[i] - '0'];
    if (i == WINDOW - 1) *slot = -1;
    else if (*slot == 0) {
      if (nodes == NODES) fail("too many digits");
      *slot = nodes++;
    }
    node = *slot;
  }
}

static void add(const char *label, const char *hex) {
  if (pattern_count == PATTERNS) fail("too many patterns");
  struct pattern *p = &patterns[pattern_count++];
  snprintf(p->label, sizeof p->label, "%s", label);
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

static void follow(const unsigned char *bytes, size_t length, size_t at, int first, int zero) {
  int start = tree[0][first];
  if (start <= 0) return;
  for (int stride = 1; stride <= STRIDES; stride++) {
    int node = start;
    for (size_t i = at + (size_t)stride; node > 0 && i < length; i += (size_t)stride) {
      unsigned digit = (unsigned)bytes[i] - (unsigned)zero;
      node = digit <= 9 ? tree[node][digit] : 0;
    }
    if (node == -1) found_stride[zero != 0][stride] = 1;
  }
}

static void search(const unsigned char *bytes, size_t length) {
  static const unsigned char nothing[PAGE];
  for (size_t i = 0; i + 1 < length; i++) {
    /* Untouched pages are most of a process's memory. A number doesn't begin in one. */
    if ((i & (PAGE - 1)) == 0 && i + PAGE <= length && memcmp(bytes + i, nothing, PAGE) == 0) {
      i += PAGE - 2;
      continue;
    }
    for (int p = begins[bytes[i] << 8 | bytes[i + 1]]; p; p = patterns[p - 1].next) {
      const struct pattern *pattern = &patterns[p - 1];
      if (i + (size_t)pattern->length <= length && memcmp(bytes + i, pattern->bytes, (size_t)pattern->length) == 0)
        found_pattern[p - 1] = 1;
    }
    if (bytes[i] >= 1 && bytes[i] <= 9) follow(bytes, length, i, bytes[i], 0);
    else if (bytes[i] > '0' && bytes[i] <= '9') follow(bytes, length, i, bytes[i] - '0', '0');
  }
}

static void search_range(int file, unsigned char *chunk, unsigned long long from, unsigned long long to) {
  for (unsigned long long at = from; at < to; at += CHUNK - REACH) {
    unsigned long long left = to - at;
    ssize_t got = pread(file, chunk, left < CHUNK ? (size_t)left : CHUNK, (off_t)at);
    if (got <= 0) break; /* a device's pages, or a range that is gone by now */
    total += (unsigned long long)got;
    search(chunk, (size_t)got);
    if (left <= CHUNK) break;
  }
}

int main(int argc, char **argv) {
  if (argc != 3) fail("usage: search file <path> | search memory <pid>");
  char line[512], first[128], second[256];
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "digits %127s", first) == 1 && strlen(first) == WINDOW) plant(first);
    else if (sscanf(line, "bytes %31s %255s", first, second) == 2) add(first, second);
    else fail("a line of standard input is neither digits nor bytes");
  }
  unsigned char *chunk = malloc(CHUNK);
  if (!chunk) fail("no memory");
  if (strcmp(argv[1], "file") == 0) {
    int file = open(argv[2], O_RDONLY);
    if (file < 0) fail("the file can't be read");
    search_range(file, chunk, 0, ~0ULL);
  } else {
    char path[64];
    snprintf(path, sizeof path, "/proc/%.20s/maps", argv[2]);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%.20s/mem", argv[2]);
    int memory = open(path, O_RDONLY);
    if (!maps || memory < 0) fail("the process's memory can't be read");
    while (fgets(line, sizeof line, maps)) {
      unsigned long long from, to;
      char mode[8];
      if (sscanf(line, "%llx-%llx %7s", &from, &to, mode) == 3 && mode[0] == 'r' && mode[1] == 'w')
        search_range(memory, chunk, from, to);
    }
  }
  memset(chunk, 0, CHUNK);
  for (int kind = 0; kind < 2; kind++)
    for (int stride = 1; stride <= STRIDES; stride++)
      if (found_stride[kind][stride]) printf("digits %s,%d-apart\n", kind ? "ASCII" : "bytes-0-9", stride);
  for (int p = 0; p < pattern_count; p++)
    if (found_pattern[p]) printf("bytes %s\n", patterns[p].label);
  printf("read %llu\n", total);
  return 0;
}
