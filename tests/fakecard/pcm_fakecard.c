/*
 * pcm_fakecard: an ALSA external PCM (ioplug) that behaves like a sound card and fails on demand.
 *
 *   pcm_type.fakecard { lib "/path/to/libasound_module_pcm_fakecard.so" }
 *   pcm.fakehw { type fakecard  dir "/path/to/control"  rate 48000  channels 1  speed 1.0 }
 *
 * Playback only, interleaved S16_LE, one fixed rate and channel count (put `type plug` in front to convert).
 *
 * The control directory:
 *   out.raw   every frame that the card has played, appended; what was dropped, or was in the card when its owner was
 *             killed, never gets there
 *   when.log  when they were heard: records of (double CLOCK_MONOTONIC seconds, uint64 frames in out.raw by then);
 *             those between two records of one stream were heard evenly between them
 *   busy      while it exists, open() fails with EBUSY
 *   gone      while it exists, open() fails with ENODEV and a running stream is disconnected (POLLERR, as the kernel does)
 *   stall     while it exists, the clock of the card stands still
 *   xrun      the next pointer read reports an underrun, once; the plugin removes the file
 *
 * speed scales the clock of the card: 1.0 is real time, 0 takes everything as fast as it is written. Underruns are
 * real: when the clock passes the data written, the stream goes to XRUN.
 */
#define _GNU_SOURCE
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define TICK_NS 5000000 /* how often a poll() on the card wakes up */

typedef struct {
    snd_pcm_ioplug_t io;
    char dir[4000];
    int out;                  /* out.raw */
    double speed;
    double started;           /* time at which the clock stood at `base` */
    snd_pcm_uframes_t base;
    snd_pcm_uframes_t played; /* frames the card has played since prepare() */
    snd_pcm_uframes_t written;
    snd_pcm_uframes_t boundary;
    int log;                  /* when.log */
    uint64_t before;          /* frames in out.raw at prepare() */
    char *ring;               /* what was written and not heard yet, one buffer of the card */
    snd_pcm_uframes_t ring_frames;
    snd_pcm_uframes_t saved;  /* frames of this stream in out.raw */
    unsigned frame_bytes;
    int running;
} card_t;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void control_path(const card_t *card, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", card->dir, name);
}

static int asked_for(const card_t *card, const char *fault)
{
    char path[4096];
    control_path(card, fault, path, sizeof path);
    return access(path, F_OK) == 0;
}

static void restart_clock(card_t *card)
{
    card->started = now();
    card->base = card->played;
}

static void note(const card_t *card, double when)
{
    struct {
        double when;
        uint64_t frames;
    } record = {when, card->before + card->saved};

    if (write(card->log, &record, sizeof record) < 0)
        SNDERR("cannot write when.log: %s", strerror(errno));
}

/* What the clock has passed was heard: it goes from the ring to out.raw. */
static void save(card_t *card, double when)
{
    if (card->saved == card->played || !card->ring)
        return;
    while (card->saved < card->played) {
        snd_pcm_uframes_t at = card->saved % card->ring_frames;
        snd_pcm_uframes_t count = card->played - card->saved;

        if (count > card->ring_frames - at)
            count = card->ring_frames - at;
        if (write(card->out, card->ring + at * card->frame_bytes, count * card->frame_bytes) < 0)
            SNDERR("cannot write out.raw: %s", strerror(errno));
        card->saved += count;
    }
    note(card, when);
}

/* Advance `played` to where the clock of the card stands. Returns -EPIPE if the clock has passed the data. */
static int advance(card_t *card)
{
    snd_pcm_uframes_t clock;
    double when = now();

    if (card->speed <= 0) {
        card->played = card->written;
        save(card, when);
        return 0;
    }
    if (!card->running)
        return 0;
    if (asked_for(card, "stall")) {
        restart_clock(card);
        return 0;
    }
    clock = card->base + (snd_pcm_uframes_t)((when - card->started) * card->speed * card->io.rate);
    if (clock > card->written) {
        double ran_dry = card->started + (card->written - card->base) / (card->speed * card->io.rate);

        card->played = card->written;
        save(card, ran_dry);
        return -EPIPE;
    }
    if (clock > card->played)
        card->played = clock;
    save(card, when);
    return 0;
}

static int card_prepare(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    struct itimerspec tick = {{0, TICK_NS}, {0, TICK_NS}};

    if (asked_for(card, "gone"))
        return -ENODEV;
    card->played = card->written = card->saved = 0;
    card->running = 0;
    card->frame_bytes = 2 * io->channels;
    card->before = lseek(card->out, 0, SEEK_END) / card->frame_bytes;
    card->ring_frames = io->buffer_size;
    card->ring = realloc(card->ring, card->ring_frames * card->frame_bytes);
    if (!card->ring)
        return -ENOMEM;
    timerfd_settime(io->poll_fd, 0, &tick, NULL);
    return 0;
}

static int card_sw_params(snd_pcm_ioplug_t *io, snd_pcm_sw_params_t *params)
{
    card_t *card = io->private_data;
    return snd_pcm_sw_params_get_boundary(params, &card->boundary);
}

static int card_start(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;

    if (asked_for(card, "gone"))
        return -ENODEV;
    restart_clock(card);
    note(card, card->started);
    card->running = 1;
    return 0;
}

/* What the clock has not reached was never heard. */
static int card_stop(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;

    advance(card);
    card->running = 0;
    card->written = card->played;
    return 0;
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;
    char path[4096];

    if (asked_for(card, "gone")) {
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
        return -ENODEV;
    }
    if (asked_for(card, "xrun")) {
        control_path(card, "xrun", path, sizeof path);
        unlink(path);
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_XRUN);
        return -EPIPE;
    }
    if (advance(card) < 0 && io->state == SND_PCM_STATE_RUNNING) {
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_XRUN);
        return -EPIPE;
    }
    return card->boundary ? card->played % card->boundary : card->played;
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                       snd_pcm_uframes_t offset, snd_pcm_uframes_t frames)
{
    card_t *card = io->private_data;
    const char *data = (const char *)areas->addr + (areas->first + areas->step * offset) / 8;

    if (asked_for(card, "gone"))
        return -ENODEV;
    for (snd_pcm_uframes_t i = 0; i < frames; i++)
        memcpy(card->ring + (card->written + i) % card->ring_frames * card->frame_bytes, data + i * card->frame_bytes,
               card->frame_bytes);
    card->written += frames;
    return frames;
}

static int card_drain(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;

    if (!card->running)
        card_start(io);
    while (card->played < card->written) {
        if (asked_for(card, "gone"))
            return -ENODEV;
        advance(card);
        usleep(2000);
    }
    return 0;
}

static int card_poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned count, unsigned short *revents)
{
    card_t *card = io->private_data;
    snd_pcm_sframes_t available;
    uint64_t ticks;

    (void)fds;
    (void)count;
    if (read(io->poll_fd, &ticks, sizeof ticks) < 0) {
        /* not due yet */
    }
    if (asked_for(card, "gone")) {
        snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
        *revents = POLLOUT | POLLERR;
        return 0;
    }
    available = snd_pcm_avail_update(io->pcm);
    if (available < 0)
        *revents = POLLOUT | POLLERR;
    else
        *revents = available >= (snd_pcm_sframes_t)io->period_size ? POLLOUT : 0;
    return 0;
}

static int card_close(snd_pcm_ioplug_t *io)
{
    card_t *card = io->private_data;

    if (!asked_for(card, "gone"))
        card_stop(io);
    close(card->out);
    close(card->log);
    free(card->ring);
    close(io->poll_fd);
    free(card);
    return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .prepare = card_prepare,
    .sw_params = card_sw_params,
    .start = card_start,
    .stop = card_stop,
    .pointer = card_pointer,
    .transfer = card_transfer,
    .drain = card_drain,
    .poll_revents = card_poll_revents,
    .close = card_close,
};

static int set_constraints(snd_pcm_ioplug_t *io, unsigned rate, unsigned channels)
{
    static const unsigned access_types[] = {SND_PCM_ACCESS_RW_INTERLEAVED};
    static const unsigned formats[] = {SND_PCM_FORMAT_S16_LE};
    int err;

    if ((err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 1, access_types)) < 0 ||
        (err = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, formats)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, channels, channels)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, rate, rate)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 256, 65536)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 1024, 262144)) < 0 ||
        (err = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64)) < 0)
        return err;
    return 0;
}

SND_PCM_PLUGIN_DEFINE_FUNC(fakecard)
{
    snd_config_iterator_t i, next;
    const char *dir = NULL;
    long rate = 48000, channels = 1;
    double speed = 1.0;
    char path[4096];
    card_t *card;
    int err;

    (void)root;
    snd_config_for_each(i, next, conf) {
        snd_config_t *node = snd_config_iterator_entry(i);
        const char *id;

        if (snd_config_get_id(node, &id) < 0)
            continue;
        if (!strcmp(id, "comment") || !strcmp(id, "type") || !strcmp(id, "hint"))
            continue;
        if (!strcmp(id, "dir"))
            err = snd_config_get_string(node, &dir);
        else if (!strcmp(id, "rate"))
            err = snd_config_get_integer(node, &rate);
        else if (!strcmp(id, "channels"))
            err = snd_config_get_integer(node, &channels);
        else if (!strcmp(id, "speed"))
            err = snd_config_get_ireal(node, &speed);
        else
            err = -EINVAL;
        if (err < 0) {
            SNDERR("fakecard: bad field %s", id);
            return -EINVAL;
        }
    }
    if (stream != SND_PCM_STREAM_PLAYBACK)
        return -ENOTSUP;
    if (!dir || strlen(dir) >= sizeof card->dir) {
        SNDERR("fakecard: `dir` is missing or too long");
        return -EINVAL;
    }

    card = calloc(1, sizeof *card);
    if (!card)
        return -ENOMEM;
    strcpy(card->dir, dir);
    card->speed = speed;
    if (asked_for(card, "gone") || asked_for(card, "busy")) {
        err = asked_for(card, "gone") ? -ENODEV : -EBUSY;
        free(card);
        return err;
    }
    control_path(card, "out.raw", path, sizeof path);
    card->out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (card->out < 0) {
        err = -errno;
        free(card);
        return err;
    }

    control_path(card, "when.log", path, sizeof path);
    card->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (card->log < 0) {
        err = -errno;
        close(card->out);
        free(card);
        return err;
    }

    card->io.version = SND_PCM_IOPLUG_VERSION;
    card->io.name = "fake sound card";
    card->io.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA; /* the pointer wraps at the boundary, not at the buffer size */
    card->io.callback = &callbacks;
    card->io.private_data = card;
    card->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    card->io.poll_events = POLLIN;
    err = snd_pcm_ioplug_create(&card->io, name, stream, mode);
    if (err < 0) {
        close(card->io.poll_fd);
        close(card->log);
        close(card->out);
        free(card);
        return err;
    }
    err = set_constraints(&card->io, rate, channels);
    if (err < 0) {
        snd_pcm_ioplug_delete(&card->io); /* calls card_close() */
        return err;
    }
    *pcmp = card->io.pcm;
    return 0;
}
SND_PCM_PLUGIN_SYMBOL(fakecard);
