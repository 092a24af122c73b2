/* A stand-in for libcuda.so.1, so that the real torch raises its real errors.
 *
 * CUDA_STUB holds settings apart by spaces, each NAME=NUMBER:
 *   init     what cuInit returns (100 no device, 802, 803, 804, 999, ...); default 0
 *   version  what cuDriverGetVersion reports, e.g. 12020; default 13020
 *   count    how many devices there are; default 1
 *   context  what retaining a context, and every call after it, returns; default 2
 *   hang     1: cuInit never returns
 *   crash    a signal that cuInit ends in
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define API __attribute__((visibility("default")))
typedef int R;

static int setting(const char *name, int otherwise) {
    const char *all = getenv("CUDA_STUB"), *at = all;
    size_t length = strlen(name);
    while (at && (at = strstr(at, name))) {
        if ((at == all || at[-1] == ' ') && at[length] == '=') return atoi(at + length + 1);
        at += length;
    }
    return otherwise;
}

API R cuInit(unsigned flags) {
    int number = setting("crash", 0);
    (void)flags;
    if (number) raise(number);
    while (setting("hang", 0)) pause();
    return setting("init", 0);
}
API R cuDriverGetVersion(int *version) { *version = setting("version", 13020); return 0; }
API R cuDeviceGetCount(int *count) {
    int code = setting("init", 0);
    *count = setting("count", 1);
    return code;
}
API R cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
API R cuDeviceGetName(char *name, int length, int device) {
    (void)device;
    snprintf(name, (size_t)length, "NVIDIA GeForce RTX 4090");
    return 0;
}
API R cuDeviceGetAttribute(int *value, int attribute, int device) {
    (void)device;
    /* 75 and 76: compute capability; 16: multiprocessors; 1: threads a block; 10: warp. */
    *value = attribute == 75 ? setting("major", 8) : attribute == 76 ? setting("minor", 9)
           : attribute == 16 ? 128 : attribute == 10 ? 32 : attribute == 1 ? 1024 : 1;
    return 0;
}
API R cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = 24ULL << 30; return 0; }
API R cuDeviceGetUuid(char *uuid, int device) { memset(uuid, device + 1, 16); return 0; }
API R cuDeviceGetUuid_v2(char *uuid, int device) { return cuDeviceGetUuid(uuid, device); }
API R cuGetErrorString(R code, const char **text) { (void)code; *text = "stub"; return 0; }
API R cuGetErrorName(R code, const char **text) { (void)code; *text = "STUB"; return 0; }

static R other(void) { return setting("context", 2); }

API R cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *status);
API R cuGetProcAddress(const char *name, void **function, int version, uint64_t flags) {
    return cuGetProcAddress_v2(name, function, version, flags, NULL);
}
API R cuGetExportTable(const void **table, const void *id) {
    static uintptr_t filled[64];
    int i;
    (void)id;
    filled[0] = sizeof filled;
    for (i = 1; i < 64; i++) filled[i] = (uintptr_t)other;
    *table = filled;
    return 0;
}
#define KNOWN(f) if (!strcmp(name, #f)) found = (void *)f;
API R cuGetProcAddress_v2(const char *name, void **function, int version, uint64_t flags, int *status) {
    void *found = (void *)other;
    (void)version; (void)flags;
    KNOWN(cuInit) KNOWN(cuDriverGetVersion) KNOWN(cuDeviceGetCount) KNOWN(cuDeviceGet)
    KNOWN(cuDeviceGetName) KNOWN(cuDeviceGetAttribute) KNOWN(cuGetErrorString)
    KNOWN(cuGetErrorName) KNOWN(cuGetExportTable) KNOWN(cuGetProcAddress_v2)
    if (!strcmp(name, "cuDeviceTotalMem")) found = (void *)cuDeviceTotalMem_v2;
    if (!strcmp(name, "cuDeviceGetUuid")) found = (void *)cuDeviceGetUuid;
    if (!strcmp(name, "cuGetProcAddress")) found = (void *)cuGetProcAddress_v2;
    *function = found;
    if (status) *status = 0;
    return 0;
}
