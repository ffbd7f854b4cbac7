/*
 * spandsp's key detector on a raw µ-law stream: `spandsp-keys [dial-tone] < file.ulaw` prints `key end_ms` for each key as
 * it is reported, then `cpu_ms n` for the whole process. Frames of 20 ms, as a call brings them.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <spandsp.h>

#define FRAME 160

static long samples_heard = 0;

static void report(void *user_data, const char *digits, int length)
{
    (void) user_data;
    for (int i = 0; i < length; i++)
        printf("%c %ld\n", digits[i], samples_heard / 8);
}

int main(int argc, char *argv[])
{
    dtmf_rx_state_t *detector = dtmf_rx_init(NULL, report, NULL);
    if (!detector)
        return 1;
    if (argc > 1 && strcmp(argv[1], "dial-tone") == 0)
        dtmf_rx_parms(detector, 1, -1, -1, -99);

    uint8_t bytes[FRAME];
    int16_t linear[FRAME];
    size_t length;
    while ((length = fread(bytes, 1, FRAME, stdin)) > 0) {
        for (size_t i = 0; i < length; i++)
            linear[i] = ulaw_to_linear(bytes[i]);
        samples_heard += (long) length;
        dtmf_rx(detector, linear, (int) length);
    }
    dtmf_rx_free(detector);

    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("cpu_ms %.3f\n",
           (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3
           + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3);
    return 0;
}
