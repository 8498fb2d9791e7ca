/* An utterance, frame by frame. */

#include "frame_path.h"

static int pcm_init(PcmFrames *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"pcm", "ended", NULL};
    PyObject *pcm, *ended;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "SO", names, &pcm, &ended))
        return -1;
    Py_INCREF(pcm);
    Py_XSETREF(self->pcm, pcm);
    Py_INCREF(ended);
    Py_XSETREF(self->ended, ended);
    self->at = 0;
    self->stopped = 0;
    return 0;
}

int pcm_next(PcmFrames *self, int16_t *frame)
{
    Py_ssize_t left = self->pcm ? PyBytes_GET_SIZE(self->pcm) - self->at : 0;
    if (self->stopped || left <= 0)
        return 0;
    Py_ssize_t take = left < BYTES ? left : BYTES;
    memcpy(frame, PyBytes_AS_STRING(self->pcm) + self->at, take);
    memset((char *)frame + take, 0, BYTES - take);
    self->at += BYTES;
    if (left <= BYTES) {
        PyObject *nothing = PyObject_CallNoArgs(self->ended);
        if (nothing == NULL)
            return -1;
        Py_DECREF(nothing);
    }
    return 1;
}

static PyObject *pcm_next_frame(PcmFrames *self, PyObject *Py_UNUSED(ignored))
{
    int16_t frame[SAMPLES];
    int got = pcm_next(self, frame);
    if (got < 0)
        return NULL;
    if (!got)
        Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((char *)frame, BYTES);
}

static int pcm_traverse(PcmFrames *self, visitproc visit, void *arg)
{
    Py_VISIT(self->ended);
    return 0;
}

static int pcm_clear(PcmFrames *self)
{
    Py_CLEAR(self->pcm);
    Py_CLEAR(self->ended);
    return 0;
}

static void pcm_dealloc(PcmFrames *self)
{
    PyObject_GC_UnTrack(self);
    pcm_clear(self);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef pcm_methods[] = {
    {"next_frame", (PyCFunction)pcm_next_frame, METH_NOARGS, NULL},
    {NULL},
};
static PyMemberDef pcm_members[] = {
    {"at", T_PYSSIZET, offsetof(PcmFrames, at), READONLY, NULL},
    {"stopped", T_BOOL, offsetof(PcmFrames, stopped), 0, NULL},
    {NULL},
};
PyTypeObject PcmFramesType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ivr.telephony.sound.frame_path.compiled.PcmFrames",
    .tp_basicsize = sizeof(PcmFrames),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)pcm_init,
    .tp_dealloc = (destructor)pcm_dealloc,
    .tp_traverse = (traverseproc)pcm_traverse,
    .tp_clear = (inquiry)pcm_clear,
    .tp_methods = pcm_methods,
    .tp_members = pcm_members,
};
