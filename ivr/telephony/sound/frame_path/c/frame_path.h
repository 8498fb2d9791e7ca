/* The way of a frame of sound between the SIP library and a call, 50 times a second on each line.

   What it does is told in interpreted.py, which does the same and is used where this could not be
   compiled; tests hold the two against each other. All of it runs on the pj thread and keeps
   Python's lock: each line takes a few microseconds. */

#ifndef FRAME_PATH_H
#define FRAME_PATH_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <structmember.h>

#define SAMPLES 160 /* 20 ms at 8000 Hz */
#define BYTES (2 * SAMPLES)

/* Keys in the sound. */

#define NO_KEY (-1)
extern const char KEYPAD[]; /* the characters of keys, which are counted from 0 */

typedef struct {
    int16_t before[SAMPLES];
    int soft_before, down, last, times, missed;
    int sounding; /* whether the last frame contained a key's tone */
} Tones;

void make_waves(void); /* once, before the rest */
void tones_reset(Tones *self);
int tones_hear(Tones *self, const int16_t *frame); /* the key that began in this frame, or NO_KEY */

/* An utterance, frame by frame. */

typedef struct {
    PyObject_HEAD
    PyObject *pcm, *ended;
    Py_ssize_t at;
    char stopped;
} PcmFrames;

extern PyTypeObject PcmFramesType;
int pcm_next(PcmFrames *self, int16_t *frame); /* 1: copied, 0: there is none, -1: an exception */

/* Frames for a follower, some at a time. */

typedef struct {
    PyObject_HEAD
    PyObject *full;
    char *received, *sent;
    Py_ssize_t used, room; /* bytes of each */
    long frames_at_once;
    char closed;
} Gathering;

extern PyTypeObject GatheringType;
int gather(Gathering *self, const int16_t *received, const int16_t *sent, long tick); /* or -1 */

/* Both directions of one line. */

typedef struct LineFrames LineFrames;

extern PyTypeObject LineFramesType;
int line_move(LineFrames *self, long tick, double now); /* 1: exchanged, 0: not, -1: an exception */

#endif
