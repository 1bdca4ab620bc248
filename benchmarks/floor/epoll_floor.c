// The floor: the least that a server on epoll can do per request. It finds the blank line that ends a head and
// answers with a canned response. No parsing, no timeouts, no limits: not for use, only to measure against.
//
//   epoll_floor <port> [close]    on 127.0.0.1; with "close" every response ends its connection
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kMaxFd = 65536, kReadSize = 16384, kMaxPipelined = kReadSize / 4 };

static char responses[kMaxPipelined * 256];  // the canned response, again and again
static size_t response_size;
static unsigned char matched[kMaxFd];  // how many characters of "\r\n\r\n" ended the connection's last read
static int close_after_response;

static void UpdateDate(void) {
  static time_t written;
  time_t now = time(NULL);
  if (now == written) return;
  written = now;
  char date[64];
  strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now));
  int size =
      snprintf(responses, 256,
               "HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Type: text/plain\r\n%sContent-Length: 13\r\n\r\nHello, World!",
               date, close_after_response ? "Connection: close\r\n" : "");
  response_size = (size_t)size;
  for (size_t i = 1; i < kMaxPipelined; ++i) memcpy(responses + i * response_size, responses, response_size);
}

static size_t CountBlankLines(int fd, const char* data, size_t size) {
  size_t count = 0;
  unsigned state = matched[fd];
  for (const char* end = data + size; data < end; ++data) {
    if (state == 0) {
      data = memchr(data, '\r', (size_t)(end - data));
      if (data == NULL) break;
    }
    if (*data == "\r\n\r\n"[state]) {
      if (++state < 4) continue;
      ++count;
      state = 0;
    } else {
      state = *data == '\r';
    }
  }
  matched[fd] = (unsigned char)state;
  return count;
}

static void Serve(int fd, unsigned events) {
  static char buffer[kReadSize];
  for (;;) {
    ssize_t size = read(fd, buffer, sizeof buffer);
    if (size < 0) return;
    size_t requests = size == 0 ? 0 : CountBlankLines(fd, buffer, (size_t)size);
    if (requests > 0 && write(fd, responses, requests * response_size) < 0) size = 0;
    if (size == 0 || (requests > 0 && close_after_response)) {
      close(fd);
      return;
    }
    // A short read has drained the socket, and what comes next brings a new edge; a hang-up came already.
    if ((size_t)size < sizeof buffer && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))) return;
  }
}

static void AcceptAll(int epoll, int listener) {
  int fd;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
    if (fd >= kMaxFd) abort();
    matched[fd] = 0;
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  }
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  close_after_response = argc > 2 && strcmp(argv[2], "close") == 0;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, (struct sockaddr*)&address, sizeof address) < 0 || listen(listener, 4096) < 0) {
    perror("epoll_floor");
    return 1;
  }
  int epoll = epoll_create1(0);
  struct epoll_event listening = {.events = EPOLLIN | EPOLLET, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening);
  for (;;) {
    struct epoll_event events[256];
    int count = epoll_wait(epoll, events, 256, -1);
    UpdateDate();
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listener) {
        AcceptAll(epoll, listener);
      } else {
        Serve(events[i].data.fd, events[i].events);
      }
    }
  }
}
