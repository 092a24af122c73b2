/* A stand-in for libnvidia-ml.so.1, so that the real pynvml sees any machine.
 *
 * The file named by NVML_SHIM holds one setting a line:
 *   init CODE             what nvmlInit returns (4 9 12 17 18 999 ...)
 *   hang init|count|N     wait for ever in nvmlInit, in the count, or at card N's memory
 *   crash 1               end by a signal in nvmlInit
 *   driver TEXT           e.g. 570.133.20
 *   cuda NUMBER           e.g. 12080; negative: the error code that the call returns
 *   old_memory 1          only version 1 of the memory call exists
 *   gpu NAME|MAJOR|MINOR|TOTAL_MIB|USED_MIB|ERROR|MIG_ON|DISPLAY|PID
 *       TOTAL_MIB 0: memory is not supported; ERROR: what the handle call returns
 *   slice CARD|PROFILE|TOTAL_MIB|USED_MIB|MULTIPROCESSORS
 *
 * A card's handle is 1000 + its number, a slice's 2000 + its number. Structures follow nvml.h.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (1ULL << 20)
#define API __attribute__((visibility("default")))
typedef int R;
typedef void *H;
struct gpu { char name[96]; int major, minor, total, used, error, mig, display, pid; };
struct slice { int card, total, used, sm; char profile[32]; };
static struct gpu gpus[16];
static struct slice slices[32];
static int n_gpus, n_slices, init_code, cuda, old_memory, crash;
static char driver[64] = "570.133.20", hang[32];

static void read_line(const char *line) {
    struct gpu *g = &gpus[n_gpus];
    struct slice *s = &slices[n_slices];
    if (sscanf(line, "init %d", &init_code) == 1) return;
    if (sscanf(line, "hang %31s", hang) == 1) return;
    if (sscanf(line, "crash %d", &crash) == 1) return;
    if (sscanf(line, "driver %63s", driver) == 1) return;
    if (sscanf(line, "cuda %d", &cuda) == 1) return;
    if (sscanf(line, "old_memory %d", &old_memory) == 1) return;
    if (sscanf(line, "gpu %95[^|]|%d|%d|%d|%d|%d|%d|%d|%d", g->name, &g->major, &g->minor,
               &g->total, &g->used, &g->error, &g->mig, &g->display, &g->pid) >= 5)
        n_gpus++;
    else if (sscanf(line, "slice %d|%31[^|]|%d|%d|%d", &s->card, s->profile, &s->total, &s->used,
                    &s->sm) == 5)
        n_slices++;
}

static void load(void) {
    const char *path = getenv("NVML_SHIM");
    FILE *file = path ? fopen(path, "r") : NULL;
    char line[256];
    n_gpus = n_slices = 0;
    while (file && fgets(line, sizeof line, file)) read_line(line);
    if (file) fclose(file);
}

static void maybe_hang(const char *where) {
    while (!strcmp(hang, where)) pause();
}

static int number(H h) { return (int)(long)h; }
static struct gpu *card(H h) { return &gpus[number(h) - 1000]; }
static int is_slice(H h) { return number(h) >= 2000; }
static struct slice *slice(H h) { return &slices[number(h) - 2000]; }
static R put(char *to, unsigned size, const char *text) {
    snprintf(to, size, "%s", text);
    return 0;
}

API R nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    load();
    if (crash) raise(SIGSEGV);
    maybe_hang("init");
    return init_code;
}
API R nvmlInit_v2(void) { return nvmlInitWithFlags(0); }
API R nvmlShutdown(void) { return 0; }
API const char *nvmlErrorString(R code) {
    static char text[32];
    snprintf(text, sizeof text, "shim error %d", code);
    return text;
}
API R nvmlSystemGetDriverVersion(char *to, unsigned size) { return put(to, size, driver); }
API R nvmlSystemGetNVMLVersion(char *to, unsigned size) {
    char text[80];
    snprintf(text, sizeof text, "12.%s", driver);
    return put(to, size, text);
}
API R nvmlSystemGetCudaDriverVersion_v2(int *to) {
    if (cuda < 0) return -cuda;
    *to = cuda;
    return 0;
}
API R nvmlSystemGetProcessName(unsigned pid, char *to, unsigned size) {
    (void)pid;
    return put(to, size, "python");
}
API R nvmlDeviceGetCount_v2(unsigned *to) {
    maybe_hang("count");
    *to = n_gpus;
    return 0;
}
API R nvmlDeviceGetHandleByIndex_v2(unsigned index, H *to) {
    if (gpus[index].error) return gpus[index].error;
    *to = (H)(long)(1000 + index);
    return 0;
}
API R nvmlDeviceGetName(H h, char *to, unsigned size) {
    char text[160];
    if (!is_slice(h)) return put(to, size, card(h)->name);
    snprintf(text, sizeof text, "%s MIG %s", gpus[slice(h)->card].name, slice(h)->profile);
    return put(to, size, text);
}
API R nvmlDeviceGetUUID(H h, char *to, unsigned size) {
    char text[64];
    snprintf(text, sizeof text, "%s-%08d-0000-0000-0000-000000000000",
             is_slice(h) ? "MIG" : "GPU", number(h) % 1000);
    return put(to, size, text);
}
API R nvmlDeviceGetCudaComputeCapability(H h, int *major, int *minor) {
    if (is_slice(h)) return 2;
    *major = card(h)->major;
    *minor = card(h)->minor;
    return 0;
}
API R nvmlDeviceGetDisplayActive(H h, int *to) {
    *to = card(h)->display;
    return 0;
}
struct pci { char old[16]; unsigned domain, bus, device, id, subsystem; char text[32]; };
API R nvmlDeviceGetPciInfo_v3(H h, struct pci *to) {
    memset(to, 0, sizeof *to);
    to->id = 0x268410DE;
    snprintf(to->text, sizeof to->text, "00000000:%02X:00.0", number(h) - 1000 + 1);
    return 0;
}
struct memory1 { unsigned long long total, free, used; };
struct memory2 { unsigned version; unsigned long long total, reserved, free, used; };
static R memory(H h, unsigned long long *total, unsigned long long *free_, unsigned long long *used) {
    char where[16];
    int mib = is_slice(h) ? slice(h)->total : card(h)->total;
    snprintf(where, sizeof where, "%d", number(h) - 1000);
    maybe_hang(where);
    if (!mib) return 3;
    *total = mib * MIB;
    *used = (is_slice(h) ? slice(h)->used : card(h)->used) * MIB;
    *free_ = *total - *used;
    return 0;
}
API R nvmlDeviceGetMemoryInfo(H h, struct memory1 *m) {
    return memory(h, &m->total, &m->free, &m->used);
}
API R nvmlDeviceGetMemoryInfo_v2(H h, struct memory2 *m) {
    if (old_memory) return 13;
    R code = memory(h, &m->total, &m->free, &m->used);
    /* Version 2 tells the reserved part apart from the used one. */
    if (!code && !is_slice(h)) { m->reserved = 500 * MIB; m->free -= 500 * MIB; }
    return code;
}
struct process { unsigned pid; unsigned long long used; unsigned gi, ci; };
API R nvmlDeviceGetComputeRunningProcesses_v3(H h, unsigned *count, struct process *to) {
    int pid = is_slice(h) ? 0 : card(h)->pid;
    unsigned room = *count;
    *count = pid ? 1 : 0;
    if (!pid) return 0;
    if (!room || !to) return 7;
    to[0] = (struct process){pid, 300 * MIB, ~0u, ~0u};
    return 0;
}
API R nvmlDeviceGetGraphicsRunningProcesses_v3(H h, unsigned *count, struct process *to) {
    (void)h, (void)to;
    *count = 0;
    return 0;
}
API R nvmlDeviceGetMigMode(H h, unsigned *now, unsigned *next) {
    if (is_slice(h) || card(h)->mig < 0) return 3;
    *now = *next = card(h)->mig;
    return 0;
}
API R nvmlDeviceGetMaxMigDeviceCount(H h, unsigned *to) {
    (void)h;
    *to = 7;
    return 0;
}
API R nvmlDeviceGetMigDeviceHandleByIndex(H h, unsigned index, H *to) {
    for (int i = 0; i < n_slices; i++)
        if (slices[i].card == number(h) - 1000 && index-- == 0) {
            *to = (H)(long)(2000 + i);
            return 0;
        }
    return 6;
}
struct attributes { unsigned sm, rest[7]; unsigned long long memory; };
API R nvmlDeviceGetAttributes_v2(H h, struct attributes *to) {
    memset(to, 0, sizeof *to);
    to->sm = is_slice(h) ? slice(h)->sm : 0;
    return is_slice(h) ? 0 : 3;
}
