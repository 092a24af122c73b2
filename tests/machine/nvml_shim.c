/* A stand-in for libnvidia-ml.so.1, so that the real pynvml sees any machine.
 *
 * The file named by NVML_SHIM holds one setting a line; names may hold any bytes:
 *   init CODE             what nvmlInit returns (4 9 12 17 18 999 ...)
 *   fail CALL CODE        what a call returns, e.g. "fail nvmlDeviceGetCount 999"
 *   hang CALL             wait for ever in a call
 *   slow CALL SECONDS     take so long in a call, each time
 *   crash CALL            end by a signal in a call
 *       CALL is a function's name without its version, "CALL@2" only for card 2
 *   driver TEXT           e.g. 570.133.20
 *   cuda NUMBER           e.g. 12080; negative: the error code that the call returns
 *   persistence 0|1       the mode of all cards
 *   mode CARD NUMBER      a card's compute mode (0 default, 2 prohibited, 3 one process)
 *   pname TEXT            the name of every process
 *   gpu NAME|MAJOR|MINOR|TOTAL_MIB|USED_MIB|ERROR|MIG_ON|DISPLAY|PID
 *       TOTAL_MIB 0: memory is not supported; ERROR: what the handle call returns
 *   slice CARD|PROFILE|TOTAL_MIB|USED_MIB|MULTIPROCESSORS
 *
 * A function is made missing by building with -DNAME=missing_NAME. A card's handle is 1000 + its
 * number, a slice's 2000 + its number. Structures follow nvml.h.
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
struct gpu { char name[96]; int major, minor, total, used, error, mig, display, pid, mode; };
struct slice { int card, total, used, sm; char profile[32]; };
struct rule { char kind, call[80]; double value; };
static struct gpu gpus[16];
static struct slice slices[32];
static struct rule rules[64];
static int n_gpus, n_slices, n_rules, init_code, cuda, persistence;
static char driver[64] = "570.133.20", pname[128] = "python";

static void read_line(const char *line) {
    struct gpu *g = &gpus[n_gpus];
    struct slice *s = &slices[n_slices];
    struct rule *r = &rules[n_rules];
    int card, number;
    if (sscanf(line, "init %d", &init_code) == 1) return;
    if (sscanf(line, "driver %63s", driver) == 1) return;
    if (sscanf(line, "cuda %d", &cuda) == 1) return;
    if (sscanf(line, "persistence %d", &persistence) == 1) return;
    if (sscanf(line, "pname %127[^\n]", pname) == 1) return;
    if (sscanf(line, "mode %d %d", &card, &number) == 2) { gpus[card].mode = number; return; }
    if (sscanf(line, "fail %79s %lf", r->call, &r->value) == 2) r->kind = 'f', n_rules++;
    else if (sscanf(line, "slow %79s %lf", r->call, &r->value) == 2) r->kind = 's', n_rules++;
    else if (sscanf(line, "hang %79s", r->call) == 1) r->kind = 'h', n_rules++;
    else if (sscanf(line, "crash %79s", r->call) == 1) r->kind = 'c', n_rules++;
    else if (sscanf(line, "gpu %95[^|]|%d|%d|%d|%d|%d|%d|%d|%d", g->name, &g->major, &g->minor,
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
    n_gpus = n_slices = n_rules = 0;
    while (file && fgets(line, sizeof line, file)) read_line(line);
    if (file) fclose(file);
}

static int number(H h) { return (int)(long)h; }
static struct gpu *card(H h) { return &gpus[number(h) - 1000]; }
static int is_slice(H h) { return number(h) >= 2000; }
static struct slice *slice(H h) { return &slices[number(h) - 2000]; }
static int of_card(H h) { return is_slice(h) ? slice(h)->card : number(h) - 1000; }

/* What the settings say of a call: its error code, after the time that it takes. */
static R rule(const char *call, int index) {
    char here[96];
    R code = 0;
    snprintf(here, sizeof here, "%s@%d", call, index);
    for (int i = 0; i < n_rules; i++) {
        if (strcmp(rules[i].call, call) && strcmp(rules[i].call, here)) continue;
        while (rules[i].kind == 'h') pause();
        if (rules[i].kind == 'c') raise(SIGSEGV);
        if (rules[i].kind == 's') usleep((useconds_t)(rules[i].value * 1e6));
        if (rules[i].kind == 'f') code = (R)rules[i].value;
    }
    return code;
}
#define RULE(call, index) do { R code_ = rule(call, index); if (code_) return code_; } while (0)
static R put(char *to, unsigned size, const char *text) {
    snprintf(to, size, "%s", text);
    return 0;
}

API R nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    load();
    RULE("nvmlInit", -1);
    return init_code;
}
API R nvmlInit_v2(void) { load(); RULE("nvmlInit", -1); return init_code; }
API R nvmlInit(void) { load(); RULE("nvmlInit", -1); return init_code; }
API R nvmlShutdown(void) { return 0; }
API const char *nvmlErrorString(R code) {
    static char text[32];
    snprintf(text, sizeof text, "shim error %d", code);
    return text;
}
API R nvmlSystemGetDriverVersion(char *to, unsigned size) {
    RULE("nvmlSystemGetDriverVersion", -1);
    return put(to, size, driver);
}
API R nvmlSystemGetNVMLVersion(char *to, unsigned size) {
    char text[80];
    snprintf(text, sizeof text, "12.%s", driver);
    return put(to, size, text);
}
static R cuda_version(int *to) {
    RULE("nvmlSystemGetCudaDriverVersion", -1);
    if (cuda < 0) return -cuda;
    *to = cuda;
    return 0;
}
API R nvmlSystemGetCudaDriverVersion(int *to) { return cuda_version(to); }
API R nvmlSystemGetCudaDriverVersion_v2(int *to) { return cuda_version(to); }
API R nvmlSystemGetProcessName(unsigned pid, char *to, unsigned size) {
    (void)pid;
    RULE("nvmlSystemGetProcessName", -1);
    return put(to, size, pname);
}
static R count(unsigned *to) {
    RULE("nvmlDeviceGetCount", -1);
    *to = n_gpus;
    return 0;
}
API R nvmlDeviceGetCount(unsigned *to) { return count(to); }
API R nvmlDeviceGetCount_v2(unsigned *to) { return count(to); }
static R handle(unsigned index, H *to) {
    if (index >= (unsigned)n_gpus) return 2;
    RULE("nvmlDeviceGetHandleByIndex", (int)index);
    if (gpus[index].error) return gpus[index].error;
    *to = (H)(long)(1000 + index);
    return 0;
}
API R nvmlDeviceGetHandleByIndex(unsigned index, H *to) { return handle(index, to); }
API R nvmlDeviceGetHandleByIndex_v2(unsigned index, H *to) { return handle(index, to); }
API R nvmlDeviceGetName(H h, char *to, unsigned size) {
    char text[160];
    RULE("nvmlDeviceGetName", of_card(h));
    if (!is_slice(h)) return put(to, size, card(h)->name);
    snprintf(text, sizeof text, "%s MIG %s", gpus[slice(h)->card].name, slice(h)->profile);
    return put(to, size, text);
}
API R nvmlDeviceGetUUID(H h, char *to, unsigned size) {
    char text[64];
    RULE("nvmlDeviceGetUUID", of_card(h));
    snprintf(text, sizeof text, "%s-%08d-0000-0000-0000-000000000000",
             is_slice(h) ? "MIG" : "GPU", number(h) % 1000);
    return put(to, size, text);
}
API R nvmlDeviceGetCudaComputeCapability(H h, int *major, int *minor) {
    if (is_slice(h)) return 2;
    RULE("nvmlDeviceGetCudaComputeCapability", of_card(h));
    *major = card(h)->major;
    *minor = card(h)->minor;
    return 0;
}
API R nvmlDeviceGetDisplayActive(H h, int *to) {
    RULE("nvmlDeviceGetDisplayActive", of_card(h));
    *to = card(h)->display;
    return 0;
}
API R nvmlDeviceGetPersistenceMode(H h, int *to) {
    (void)h;
    *to = persistence;
    return 0;
}
API R nvmlDeviceGetComputeMode(H h, int *to) {
    RULE("nvmlDeviceGetComputeMode", of_card(h));
    *to = card(h)->mode;
    return 0;
}
struct pci { char old[16]; unsigned domain, bus, device, id, subsystem; char text[32]; };
static R pci(H h, struct pci *to, int known) {
    RULE("nvmlDeviceGetPciInfo", of_card(h));
    memset(to, 0, known >= 3 ? sizeof *to : 36);
    to->id = 0x268410DE;
    snprintf(to->old, sizeof to->old, "0000:%02X:00.0", number(h) - 1000 + 1);
    if (known >= 3)
        snprintf(to->text, sizeof to->text, "00000000:%02X:00.0", number(h) - 1000 + 1);
    return 0;
}
API R nvmlDeviceGetPciInfo(H h, struct pci *to) { return pci(h, to, 1); }
API R nvmlDeviceGetPciInfo_v2(H h, struct pci *to) { return pci(h, to, 2); }
API R nvmlDeviceGetPciInfo_v3(H h, struct pci *to) { return pci(h, to, 3); }
struct memory1 { unsigned long long total, free, used; };
struct memory2 { unsigned version; unsigned long long total, reserved, free, used; };
static R memory(H h, unsigned long long *total, unsigned long long *free_,
                unsigned long long *used) {
    RULE("nvmlDeviceGetMemoryInfo", of_card(h));
    if (!is_slice(h) && !card(h)->total) return 3;
    *total = (is_slice(h) ? slice(h)->total : card(h)->total) * MIB;
    *used = (is_slice(h) ? slice(h)->used : card(h)->used) * MIB;
    *free_ = *total - *used;
    return 0;
}
API R nvmlDeviceGetMemoryInfo(H h, struct memory1 *m) {
    return memory(h, &m->total, &m->free, &m->used);
}
API R nvmlDeviceGetMemoryInfo_v2(H h, struct memory2 *m) {
    R code = memory(h, &m->total, &m->free, &m->used);
    /* Version 2 tells the reserved part apart from the used one. */
    if (!code && !is_slice(h)) { m->reserved = 500 * MIB; m->free -= 500 * MIB; }
    return code;
}
struct process1 { unsigned pid; unsigned long long used; };
struct process { unsigned pid; unsigned long long used; unsigned gi, ci; };
static R running(H h, unsigned *count, struct process *to, struct process1 *first) {
    int pid = is_slice(h) ? 0 : card(h)->pid;
    unsigned room = *count;
    RULE("nvmlDeviceGetComputeRunningProcesses", of_card(h));
    *count = pid ? 1 : 0;
    if (!pid) return 0;
    if (!room || (!to && !first)) return 7;
    if (to) to[0] = (struct process){pid, 300 * MIB, ~0u, ~0u};
    if (first) first[0] = (struct process1){pid, 300 * MIB};
    return 0;
}
API R nvmlDeviceGetComputeRunningProcesses(H h, unsigned *count, struct process1 *to) {
    return running(h, count, NULL, to);
}
API R nvmlDeviceGetComputeRunningProcesses_v2(H h, unsigned *count, struct process *to) {
    return running(h, count, to, NULL);
}
API R nvmlDeviceGetComputeRunningProcesses_v3(H h, unsigned *count, struct process *to) {
    return running(h, count, to, NULL);
}
static R none(H h, unsigned *count) { (void)h; *count = 0; return 0; }
API R nvmlDeviceGetGraphicsRunningProcesses(H h, unsigned *c, void *to) { (void)to; return none(h, c); }
API R nvmlDeviceGetGraphicsRunningProcesses_v2(H h, unsigned *c, void *to) { (void)to; return none(h, c); }
API R nvmlDeviceGetGraphicsRunningProcesses_v3(H h, unsigned *c, void *to) { (void)to; return none(h, c); }
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
