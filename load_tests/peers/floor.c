/*
 * The floor: what one delivery costs when a server does nothing but deliver.
 *
 * Takes WebSocket upgrades without looking at them, unmasks nothing (the load generator's masking key is zero), and
 * writes each message a writer sends to every reader: one write() per delivery, no batching, no log, no checks.
 * A connection whose path is /read is a reader. Usage: floor <port>; prints "ready" when it listens.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FDS_MAX = 65536, INPUT_MAX = 1 << 16 };

static int readers[FDS_MAX], reader_count;
static struct { int used, upgraded; unsigned char bytes[INPUT_MAX]; } *inputs[FDS_MAX];

static void deliver(const unsigned char *payload, size_t size) {
    static unsigned char frame[INPUT_MAX];
    size_t head = 2;
    frame[0] = 0x81;
    if (size < 126) {
        frame[1] = size;
    } else {
        frame[1] = 126;
        frame[2] = size >> 8;
        frame[3] = size & 255;
        head = 4;
    }
    memcpy(frame + head, payload, size);
    for (int place = 0; place < reader_count; place++)
        if (write(readers[place], frame, head + size) != (ssize_t)(head + size)) {
            perror("write");
            exit(1);
        }
}

static void hang_up(int fd) {
    for (int place = 0; place < reader_count; place++)
        if (readers[place] == fd) readers[place--] = readers[--reader_count];
    free(inputs[fd]);
    inputs[fd] = NULL;
    close(fd);
}

static void take(int fd) {
    static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    unsigned char *bytes = inputs[fd]->bytes;
    ssize_t got = read(fd, bytes + inputs[fd]->used, INPUT_MAX - 1 - inputs[fd]->used);
    if (got <= 0) {
        hang_up(fd);
        return;
    }
    inputs[fd]->used += got;
    int begin = 0, used = inputs[fd]->used;
    if (!inputs[fd]->upgraded) {
        bytes[used] = 0;
        char *end = strstr((char *)bytes, "\r\n\r\n");
        if (!end) return;
        inputs[fd]->upgraded = 1;
        if (!strncmp((char *)bytes, "GET /read ", 10)) readers[reader_count++] = fd;
        if (write(fd, answer, sizeof answer - 1) < 0) perror("write");
        begin = end + 4 - (char *)bytes;
    }
    while (used - begin >= 8) { /* head, sixteen bits of size, masking key */
        int size = bytes[begin + 1] & 127, head = 6;
        if (size == 126) {
            size = bytes[begin + 2] << 8 | bytes[begin + 3];
            head = 8;
        }
        if (used - begin < head + size) break;
        deliver(bytes + begin + head, size);
        begin += head + size;
    }
    memmove(bytes, bytes + begin, used - begin);
    inputs[fd]->used = used - begin;
}

int main(int count, char **words) {
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0), poll = epoll_create1(0);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(words[1]) : 0)};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) {
        perror("floor");
        return 1;
    }
    struct epoll_event ready[256], wanted = {.events = EPOLLIN, .data.fd = listener};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted);
    puts("ready");
    fflush(stdout);
    for (;;) {
        int size = epoll_wait(poll, ready, 256, -1);
        for (int place = 0; place < size; place++) {
            int fd = ready[place].data.fd;
            if (fd != listener) {
                take(fd);
                continue;
            }
            int peer = accept(listener, NULL, NULL);
            if (peer < 0 || peer >= FDS_MAX) continue;
            setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            inputs[peer] = calloc(1, sizeof *inputs[peer]);
            wanted.data.fd = peer;
            epoll_ctl(poll, EPOLL_CTL_ADD, peer, &wanted);
        }
    }
}
