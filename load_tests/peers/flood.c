/*
 * The flood: sends numbered deliveries to its readers as fast as they take them, to see how fast the generator is.
 *
 * Usage: flood <port> <readers> <batch> <batches> <head> <tail>. When that many connections have sent an upgrade, each
 * gets `batches` writes. A write is one WebSocket text frame of `batch` lines, a line is <head><number><tail>; numbers
 * go up by one from 1. The sockets block: who reads slowly is waited for.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FRAME_MAX = 65535, REQUEST_MAX = 4096 };

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void put(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = write(fd, bytes, size);
        if (sent <= 0) fail("write");
        bytes += sent;
        size -= sent;
    }
}

static int meet(int listener) {
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    char request[REQUEST_MAX + 1];
    size_t used = 0;
    int one = 1, fd = accept(listener, NULL, NULL);
    if (fd < 0) fail("accept");
    do {
        ssize_t got = read(fd, request + used, REQUEST_MAX - used);
        if (got <= 0) { /* it looked whether anybody listens here */
            close(fd);
            return -1;
        }
        request[used += got] = 0;
    } while (!strstr(request, "\r\n\r\n"));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    put(fd, answer, sizeof answer - 1);
    return fd;
}

int main(int count, char **words) {
    if (count != 7) return 2;
    int readers = atoi(words[2]), batch = atoi(words[3]), batches = atoi(words[4]);
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), *fds = calloc(readers, sizeof *fds);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) fail("listen");
    for (int met = 0; met < readers;)
        if ((fds[met] = meet(listener)) >= 0) met++;
    char frame[4 + FRAME_MAX];
    unsigned long number = 0;
    for (int round = 0; round < batches; round++) {
        size_t size = 4;
        for (int place = 0; place < batch; place++)
            size += snprintf(frame + size, sizeof frame - size, "%s%012lu%s\n", words[5], ++number, words[6]);
        size -= 1; /* the last line feed */
        if (size >= sizeof frame - 1 || size - 4 < 126) return 3;
        frame[0] = (char)0x81;
        frame[1] = 126;
        frame[2] = (size - 4) >> 8;
        frame[3] = (size - 4) & 255;
        for (int reader = 0; reader < readers; reader++) put(fds[reader], frame, size);
    }
    pause();
}
