/* Both directions of one line. */

#include "frame_path.h"
#include <math.h>

#define LATE_S 0.060 /* 20 ms, and 40 that a jitter buffer holds */

static const int16_t SILENCE[SAMPLES];

typedef struct { /* a pjmedia_frame */
    int type;
    void *buffer;
    size_t size;
    uint64_t timestamp;
    uint32_t bit_info;
} Frame;

typedef int (*MoveFrame)(void *port, Frame *frame);

#define AUDIO 1 /* PJMEDIA_FRAME_TYPE_AUDIO */

struct LineFrames {
    PyObject_HEAD
    PyObject *tone_came;            /* called with the key of a tone */
    PyObject *playing;              /* NULL, PcmFrames, or anything that has next_frame */
    PyObject *listening, *recordings; /* tuples */
    char secret, began, hears_tones, takes_out_keys;
    double tick_at, longest_gap_s;
    long late_frames;
    int16_t sent[SAMPLES];
    /* What is held back for 20 ms while keys are taken out. */
    Tones tones;
    char held, sounds_in_held, sounds_before;
    int16_t held_received[SAMPLES], held_sent[SAMPLES];
    /* The stream of the library; port is NULL while no sound is exchanged. */
    void *port;
    MoveFrame get, put;
};

static int line_init(LineFrames *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"tone_came", NULL};
    PyObject *tone_came;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O", names, &tone_came))
        return -1;
    Py_INCREF(tone_came);
    Py_XSETREF(self->tone_came, tone_came);
    Py_XSETREF(self->listening, PyTuple_New(0));
    Py_XSETREF(self->recordings, PyTuple_New(0));
    self->tick_at = -1;
    tones_reset(&self->tones);
    return self->listening && self->recordings ? 0 : -1;
}

static int line_to_send(LineFrames *self, double now, int16_t *frame)
{
    double before = self->tick_at, gap = now - before;
    self->tick_at = now;
    if (before >= 0) {
        self->longest_gap_s = fmax(self->longest_gap_s, gap);
        self->late_frames += gap > LATE_S;
    }
    int got = 0;
    char secret = self->secret;
    PyObject *playing = self->playing;
    if (playing != NULL) {
        Py_INCREF(playing);
        if (Py_IS_TYPE(playing, &PcmFramesType))
            got = pcm_next((PcmFrames *)playing, frame);
        else {
            PyObject *next = PyObject_CallMethod(playing, "next_frame", NULL);
            if (next == NULL)
                got = -1;
            else if (PyBytes_Check(next) && PyBytes_GET_SIZE(next) == BYTES) {
                memcpy(frame, PyBytes_AS_STRING(next), BYTES);
                got = 1;
            } else if (next != Py_None) {
                PyErr_Format(PyExc_ValueError, "expected %d bytes, 20 ms of sound", BYTES);
                got = -1;
            }
            Py_XDECREF(next);
        }
        Py_DECREF(playing);
    }
    memcpy(self->sent, got == 1 && !secret ? frame : SILENCE, BYTES);
    if (got != 1)
        memset(frame, 0, BYTES);
    return got;
}

static int line_hand_on(LineFrames *self, const int16_t *received, const int16_t *sent, long tick)
{
    int failed = 0;
    PyObject *received_pcm = NULL, *sent_pcm = NULL;
    PyObject *listening = Py_NewRef(self->listening), *recordings = Py_NewRef(self->recordings);
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(listening) + PyTuple_GET_SIZE(recordings); at++) {
        Py_ssize_t beyond = at - PyTuple_GET_SIZE(listening);
        PyObject *taker = PyTuple_GET_ITEM(beyond < 0 ? listening : recordings, beyond < 0 ? at : beyond);
        if (Py_IS_TYPE(taker, &GatheringType)) {
            if ((failed = gather((Gathering *)taker, received, sent, tick) < 0))
                break;
            continue;
        }
        if (received_pcm == NULL) {
            received_pcm = PyBytes_FromStringAndSize((const char *)received, BYTES);
            sent_pcm = PyBytes_FromStringAndSize((const char *)sent, BYTES);
        }
        PyObject *done = NULL;
        if (received_pcm != NULL && sent_pcm != NULL)
            done = beyond < 0
                ? PyObject_CallMethod(taker, "hear", "OOl", received_pcm, sent_pcm, tick)
                : PyObject_CallMethod(taker, "add", "OO", received_pcm, sent_pcm);
        Py_XDECREF(done);
        if ((failed = done == NULL))
            break;
    }
    Py_XDECREF(received_pcm);
    Py_XDECREF(sent_pcm);
    Py_DECREF(listening);
    Py_DECREF(recordings);
    return failed ? -1 : 0;
}

/* Hands on what is held back, silent if a key sounds in it or beside it. */
static int line_let_go(LineFrames *self, int silent, long tick)
{
    if (!self->held)
        return 0;
    int16_t received[SAMPLES], sent[SAMPLES];
    silent = silent || self->sounds_in_held || self->sounds_before;
    memcpy(received, silent ? SILENCE : self->held_received, BYTES);
    memcpy(sent, self->held_sent, BYTES);
    self->held = 0;
    return line_hand_on(self, received, sent, tick);
}

static void line_forget_held(LineFrames *self)
{
    tones_reset(&self->tones);
    self->held = self->sounds_in_held = self->sounds_before = 0;
}

static int line_received(LineFrames *self, const int16_t *frame, long tick)
{
    if (!PyTuple_GET_SIZE(self->listening) && !PyTuple_GET_SIZE(self->recordings)
        && !self->hears_tones) {
        line_forget_held(self);
        return 0;
    }
    if (!self->takes_out_keys)
        return line_hand_on(self, frame, self->sent, tick);
    char hears_tones = self->hears_tones;
    int key = tones_hear(&self->tones, frame), sounds = self->tones.sounding;
    int failed = line_let_go(self, sounds, tick);
    memcpy(self->held_received, frame, BYTES);
    memcpy(self->held_sent, self->sent, BYTES);
    self->held = 1;
    self->sounds_before = self->sounds_in_held;
    self->sounds_in_held = sounds != 0;
    if (failed < 0)
        return -1;
    if (key != NO_KEY && hears_tones) {
        PyObject *done = PyObject_CallFunction(self->tone_came, "s#", &KEYPAD[key], (Py_ssize_t)1);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
    }
    return 0;
}

int line_move(LineFrames *self, long tick, double now)
{
    if (self->port == NULL)
        return self->began ? line_received(self, SILENCE, tick) : 0;
    int16_t given[SAMPLES], taken[SAMPLES];
    Frame to_give = {AUDIO, given, BYTES}, to_take = {AUDIO, taken, BYTES};
    int failed = line_to_send(self, now, given) < 0;
    PyObject *kind = NULL, *why = NULL, *where = NULL;
    if (failed) /* what is sent is silence, and what comes is taken all the same */
        PyErr_Fetch(&kind, &why, &where);
    self->put(self->port, &to_give);
    self->get(self->port, &to_take);
    int sound = to_take.type == AUDIO && to_take.size == BYTES;
    int moved = line_received(self, sound ? taken : SILENCE, tick) < 0 ? -1 : 1;
    if (failed) {
        PyErr_Clear();
        PyErr_Restore(kind, why, where);
        return -1;
    }
    return moved;
}

static PyObject *line_frame_to_send(LineFrames *self, PyObject *now)
{
    int16_t frame[SAMPLES];
    double seconds = PyFloat_AsDouble(now);
    if (seconds == -1 && PyErr_Occurred())
        return NULL;
    int got = line_to_send(self, seconds, frame);
    if (got < 0)
        return NULL;
    if (!got)
        Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((char *)frame, BYTES);
}

static PyObject *line_frame_received(LineFrames *self, PyObject *args)
{
    const char *frame;
    Py_ssize_t length;
    long tick;
    if (!PyArg_ParseTuple(args, "y#l", &frame, &length, &tick))
        return NULL;
    if (line_received(self, length == BYTES ? (const int16_t *)frame : SILENCE, tick) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *line_play(LineFrames *self, PyObject *args)
{
    PyObject *playing;
    int secret;
    if (!PyArg_ParseTuple(args, "Op", &playing, &secret))
        return NULL;
    self->secret = secret != 0;
    Py_INCREF(playing);
    Py_XSETREF(self->playing, playing);
    Py_RETURN_NONE;
}

static PyObject *line_take_out_keys(LineFrames *self, PyObject *Py_UNUSED(ignored))
{
    if (!self->takes_out_keys)
        line_forget_held(self);
    self->takes_out_keys = 1;
    Py_RETURN_NONE;
}

static PyObject *line_hand_on_last(LineFrames *self, PyObject *Py_UNUSED(ignored))
{
    int failed = self->takes_out_keys ? line_let_go(self, 0, 0) : 0;
    line_forget_held(self);
    self->takes_out_keys = 0;
    if (failed < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyObject *line_pause(LineFrames *self, PyObject *silent)
{
    self->tick_at = -1;
    if (PyObject_IsTrue(silent) > 0)
        memset(self->sent, 0, BYTES);
    Py_RETURN_NONE;
}

static int address_of(PyObject *port, const char *name, void **address)
{
    PyObject *number = PyObject_GetAttrString(port, name);
    if (number == NULL)
        return -1;
    *address = PyLong_AsVoidPtr(number);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *line_connect(LineFrames *self, PyObject *port)
{
    void *address, *get, *put;
    if (address_of(port, "address", &address) < 0 || address_of(port, "get_at", &get) < 0
        || address_of(port, "put_at", &put) < 0)
        return NULL;
    self->get = (MoveFrame)get;
    self->put = (MoveFrame)put;
    self->port = address;
    Py_RETURN_NONE;
}

static PyObject *line_disconnect(LineFrames *self, PyObject *Py_UNUSED(ignored))
{
    self->port = NULL;
    Py_RETURN_NONE;
}

static PyObject *line_get_tuple(LineFrames *self, void *where)
{
    return Py_NewRef(*(PyObject **)((char *)self + (size_t)where));
}

static int line_set_tuple(LineFrames *self, PyObject *value, void *where)
{
    if (value == NULL || !PyTuple_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "expected a tuple");
        return -1;
    }
    PyObject **field = (PyObject **)((char *)self + (size_t)where), *before = *field;
    *field = Py_NewRef(value);
    Py_DECREF(before);
    return 0;
}

static int line_traverse(LineFrames *self, visitproc visit, void *arg)
{
    Py_VISIT(self->tone_came);
    Py_VISIT(self->playing);
    Py_VISIT(self->listening);
    Py_VISIT(self->recordings);
    return 0;
}

static int line_clear(LineFrames *self)
{
    Py_CLEAR(self->tone_came);
    Py_CLEAR(self->playing);
    Py_CLEAR(self->listening);
    Py_CLEAR(self->recordings);
    return 0;
}

static void line_dealloc(LineFrames *self)
{
    PyObject_GC_UnTrack(self);
    line_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef line_methods[] = {
    {"play", (PyCFunction)line_play, METH_VARARGS, NULL},
    {"take_out_keys", (PyCFunction)line_take_out_keys, METH_NOARGS, NULL},
    {"hand_on_last", (PyCFunction)line_hand_on_last, METH_NOARGS, NULL},
    {"pause", (PyCFunction)line_pause, METH_O, NULL},
    {"connect", (PyCFunction)line_connect, METH_O, NULL},
    {"disconnect", (PyCFunction)line_disconnect, METH_NOARGS, NULL},
    {"frame_to_send", (PyCFunction)line_frame_to_send, METH_O, NULL},
    {"frame_received", (PyCFunction)line_frame_received, METH_VARARGS, NULL},
    {NULL},
};
static PyMemberDef line_members[] = {
    {"began", T_BOOL, offsetof(LineFrames, began), 0, NULL},
    {"hears_tones", T_BOOL, offsetof(LineFrames, hears_tones), 0, NULL},
    {"late_frames", T_LONG, offsetof(LineFrames, late_frames), READONLY, NULL},
    {"longest_gap_s", T_DOUBLE, offsetof(LineFrames, longest_gap_s), READONLY, NULL},
    {NULL},
};
static PyGetSetDef line_fields[] = {
    {"listening", (getter)line_get_tuple, (setter)line_set_tuple, NULL,
     (void *)offsetof(LineFrames, listening)},
    {"recordings", (getter)line_get_tuple, (setter)line_set_tuple, NULL,
     (void *)offsetof(LineFrames, recordings)},
    {NULL},
};
PyTypeObject LineFramesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ivr.telephony.sound.frame_path.compiled.LineFrames",
    .tp_basicsize = sizeof(LineFrames),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)line_init,
    .tp_dealloc = (destructor)line_dealloc,
    .tp_traverse = (traverseproc)line_traverse,
    .tp_clear = (inquiry)line_clear,
    .tp_methods = line_methods,
    .tp_members = line_members,
    .tp_getset = line_fields,
};
