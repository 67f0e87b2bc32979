// A static executable cannot load libraries at run time, which glibc's name resolution and SQLite's
// extensions would do. kiosk uses neither: the linker puts these in their place (--wrap).

#include <netdb.h>

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the linker's names
extern "C" {

void* __wrap_dlopen(const char* file, int mode);
int __wrap_getaddrinfo(const char* node, const char* service, const addrinfo* hints,
                       addrinfo** result);

void* __wrap_dlopen(const char* /*file*/, int /*mode*/) { return nullptr; }

int __wrap_getaddrinfo(const char* /*node*/, const char* /*service*/, const addrinfo* /*hints*/,
                       addrinfo** /*result*/) {
  return EAI_FAIL;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
