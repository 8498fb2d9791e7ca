/* Frames for a follower, some at a time. */

#include "frame_path.h"

static int gathering_init(Gathering *self, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"full", NULL};
    PyObject *full;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O", names, &full))
        return -1;
    Py_INCREF(full);
    Py_XSETREF(self->full, full);
    self->frames_at_once = 1;
    return 0;
}

int gather(Gathering *self, const int16_t *received, const int16_t *sent, long tick)
{
    if (self->closed)
        return 0;
    if (self->used + BYTES > self->room) {
        Py_ssize_t room = self->room + 8 * BYTES;
        char *more = PyMem_Realloc(self->received, room);
        if (more != NULL) {
            self->received = more;
            more = PyMem_Realloc(self->sent, room);
        }
        if (more == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        self->sent = more;
        self->room = room;
    }
    memcpy(self->received + self->used, received, BYTES);
    memcpy(self->sent + self->used, sent, BYTES);
    self->used += BYTES;
    if (self->frames_at_once > 1 && tick % self->frames_at_once != 0)
        return 0;
    PyObject *done = PyObject_CallFunction(
        self->full, "y#y#", self->received, self->used, self->sent, self->used);
    self->used = 0;
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

static PyObject *gathering_hear(Gathering *self, PyObject *args)
{
    const char *received, *sent;
    Py_ssize_t received_bytes, sent_bytes;
    long tick;
    if (!PyArg_ParseTuple(args, "y#y#l", &received, &received_bytes, &sent, &sent_bytes, &tick))
        return NULL;
    if (received_bytes != BYTES || sent_bytes != BYTES)
        return PyErr_Format(PyExc_ValueError, "expected %d bytes, 20 ms of sound", BYTES);
    if (gather(self, (const int16_t *)received, (const int16_t *)sent, tick) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static int gathering_traverse(Gathering *self, visitproc visit, void *arg)
{
    Py_VISIT(self->full);
    return 0;
}

static int gathering_clear(Gathering *self)
{
    Py_CLEAR(self->full);
    return 0;
}

static void gathering_dealloc(Gathering *self)
{
    PyObject_GC_UnTrack(self);
    gathering_clear(self);
    PyMem_Free(self->received);
    PyMem_Free(self->sent);
    Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyMethodDef gathering_methods[] = {
    {"hear", (PyCFunction)gathering_hear, METH_VARARGS, NULL},
    {NULL},
};
static PyMemberDef gathering_members[] = {
    {"frames_at_once", T_LONG, offsetof(Gathering, frames_at_once), 0, NULL},
    {"closed", T_BOOL, offsetof(Gathering, closed), 0, NULL},
    {NULL},
};
PyTypeObject GatheringType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "ivr.telephony.sound.frame_path.compiled.Gathering",
    .tp_basicsize = sizeof(Gathering),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = PyType_GenericNew,
    .tp_init = (initproc)gathering_init,
    .tp_dealloc = (destructor)gathering_dealloc,
    .tp_traverse = (traverseproc)gathering_traverse,
    .tp_clear = (inquiry)gathering_clear,
    .tp_methods = gathering_methods,
    .tp_members = gathering_members,
};
