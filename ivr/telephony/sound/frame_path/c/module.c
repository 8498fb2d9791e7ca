/* The module: all lines of a worker, in one call. */

#include "frame_path.h"

/* Keeps what was raised, for `move` goes on with the other lines. */
static int keep_failure(PyObject *failures)
{
    PyObject *kind, *why, *where;
    PyErr_Fetch(&kind, &why, &where);
    PyErr_NormalizeException(&kind, &why, &where);
    if (why != NULL && where != NULL)
        PyException_SetTraceback(why, where);
    int kept = why != NULL ? PyList_Append(failures, why) : 0;
    Py_XDECREF(kind);
    Py_XDECREF(why);
    Py_XDECREF(where);
    return kept;
}

static PyObject *move(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *lines, *failures;
    long tick, moved = 0;
    double now;
    if (!PyArg_ParseTuple(args, "O!ldO!", &PyTuple_Type, &lines, &tick, &now, &PyList_Type, &failures))
        return NULL;
    for (Py_ssize_t at = 0; at < PyTuple_GET_SIZE(lines); at++) {
        PyObject *line = PyTuple_GET_ITEM(lines, at);
        if (!Py_IS_TYPE(line, &LineFramesType))
            return PyErr_Format(PyExc_TypeError, "expected LineFrames, got %R", Py_TYPE(line));
        int exchanged = line_move((LineFrames *)line, tick, now);
        if (exchanged < 0 && keep_failure(failures) < 0)
            return NULL;
        moved += exchanged > 0;
    }
    return PyLong_FromLong(moved);
}

static PyMethodDef functions[] = {
    {"move", move, METH_VARARGS, NULL},
    {NULL},
};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "compiled",
    .m_size = -1,
    .m_methods = functions,
};

PyMODINIT_FUNC PyInit_compiled(void)
{
    make_waves();
    PyObject *module = PyModule_Create(&definition);
    PyTypeObject *types[] = {&PcmFramesType, &GatheringType, &LineFramesType};
    for (size_t at = 0; module != NULL && at < sizeof types / sizeof *types; at++)
        if (PyModule_AddType(module, types[at]) < 0)
            Py_CLEAR(module);
    return module;
}
