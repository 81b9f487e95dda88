/* The module gophersnake._native: what stands between Python's functions and the
   machine code, loaded at import. No Go is in it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "gophersnake._native",
    .m_doc = "Gophersnake's native half: attaching, dispatch, and frame hand-over.",
    .m_size = -1,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModule_Create(&module);
}
