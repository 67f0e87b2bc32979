#include "http/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "http/output.h"

namespace kiosk {
namespace {

bool IsIgnored(int signal) {
  struct sigaction present {};
  ::sigaction(signal, nullptr, &present);
  return present.sa_handler == SIG_IGN;
}

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  if (!IsIgnored(SIGHUP)) sigaddset(&signals, SIGHUP);
  return signals;
}

// Reading a terminal in the background would stop the process.
bool IsTerminalOfOthers(int fd) {
  const pid_t foreground = ::tcgetpgrp(fd);
  return foreground > 0 && foreground != ::getpgrp();
}

// Whether a terminal that others use is gone.
bool HasHungUp(int fd, std::chrono::milliseconds wait) {
  pollfd terminal{fd, 0, 0};
  return ::poll(&terminal, 1, static_cast<int>(wait.count())) > 0;
}

void WaitForStdinEnd() {
  std::array<char, 4096> scrap{};
  for (;;) {
    if (IsTerminalOfOthers(STDIN_FILENO)) {
      if (HasHungUp(STDIN_FILENO, std::chrono::seconds(1))) return;
      continue;
    }
    pollfd readable{STDIN_FILENO, POLLIN, 0};
    ::poll(&readable, 1, -1);
    const ssize_t count = ::read(STDIN_FILENO, scrap.data(), scrap.size());
    if (count > 0) continue;
    const bool is_temporary = count < 0 && (errno == EINTR || errno == EAGAIN ||
                                            (errno == EIO && IsTerminalOfOthers(STDIN_FILENO)));
    if (!is_temporary) return;
  }
}

}  // namespace

void OpenStandardDescriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // Both take the lowest free number. Without /dev, an unconnected socket refuses everything.
    if (::open("/dev/null", O_RDWR) < 0) ::socket(AF_UNIX, SOCK_STREAM, 0);
  }
}

void HandleStopSignals(void (*handler)(int)) {
  const sigset_t signals = StopSignals();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    if (sigismember(&signals, signal) == 1) std::signal(signal, handler);
  }
}

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void WaitForStopSignal() {
  const sigset_t signals = StopSignals();
  int signal = 0;
  sigwait(&signals, &signal);
}

void StopWhenStdinEnds() {
  std::thread([] {
    sigset_t background_read;
    sigemptyset(&background_read);
    sigaddset(&background_read, SIGTTIN);
    pthread_sigmask(SIG_BLOCK, &background_read, nullptr);  // the read fails with EIO instead
    WaitForStdinEnd();
    LogLine("kiosk: stops because stdin has ended");
    ::kill(::getpid(), SIGTERM);
  }).detach();
}

void OpenInBrowser(const std::string& url) {
  const pid_t child = ::fork();
  if (child != 0) {
    ::waitpid(child, nullptr, 0);
    return;
  }
  if (::fork() == 0) {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execlp("xdg-open", "xdg-open", url.c_str(), nullptr);
  }
  ::_exit(0);
}

}  // namespace kiosk
