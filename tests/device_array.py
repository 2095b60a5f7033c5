"""A test double of an array on a GPU: CuPy's behaviour, with the numbers in host memory.

It implements NEP 13 and NEP 18 and has the attributes and methods of `cupy.ndarray`. Three things
are refused, because on a GPU they would copy to the host, or fail:

- every implicit conversion: `np.asarray`, `float`, `int`, `bool`, iteration of a 0-d array;
- NumPy arrays next to device arrays, as operands, indices or arguments. Numbers are fine;
- keywords that CuPy's functions lack, such as `where=` of a sum.

`asdevice` and `.get()` convert explicitly. `transfers` counts the copies to the host that the
code under test asked for: `.item()`, `.tolist()`, `.get()`.
"""

import numpy as np

#: functions whose result is a fact about the array, and not an array
_FACTS = {np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.iscomplexobj, np.isrealobj,
          np.common_type, np.shares_memory, np.may_share_memory}  # fmt: skip
#: functions that copy a host array to the device, which is what their caller asks for
_UPLOADS = {np.asarray, np.array}
#: keywords that CuPy's functions and methods do not have
_LACKING = {"sort": {"stable"}, "argsort": {"stable"}} | {
    name: {"where", "initial"}
    for name in ("sum", "mean", "prod", "max", "min", "amax", "amin", "any", "all", "std", "var")
}
_METHODS = """
reshape transpose ravel flatten squeeze sum mean prod max min var std cumsum cumprod any all argmax
argmin argsort nonzero round clip dot trace diagonal take repeat swapaxes copy astype
"""
_BINARY = "add sub mul truediv floordiv mod pow matmul and or xor"


class DeviceArray:
    __array_priority__ = 100
    __hash__ = None
    transfers = 0

    def __init__(self, host):
        assert isinstance(host, np.ndarray)
        assert host.dtype.kind in "biuf"
        self._host = host

    # ---- attributes, without `.device` and `.data`, which the library has no use for

    for _name in ("shape", "dtype", "ndim", "size", "itemsize", "nbytes", "strides"):
        locals()[_name] = property(lambda self, name=_name: getattr(self._host, name))
    del _name

    @property
    def T(self):
        return DeviceArray(self._host.T)

    @property
    def base(self):
        return None if self._host.base is None else DeviceArray(self._host.base)

    # ---- to the host

    def get(self):
        DeviceArray.transfers += 1
        return self._host.copy()

    def item(self, *index):
        DeviceArray.transfers += 1
        return self._host.item(*index)

    def tolist(self):
        DeviceArray.transfers += 1
        return self._host.tolist()

    def _refuse(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Use `.get()`.")

    __array__ = __float__ = __complex__ = __index__ = _refuse

    def __bool__(self):
        DeviceArray.transfers += 1
        return bool(self._host)

    def __int__(self):
        DeviceArray.transfers += 1
        return int(self._host)

    def __repr__(self):
        return f"DeviceArray{self.shape} {self.dtype}"

    def __len__(self):
        return len(self._host)

    def __iter__(self):
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    # ---- indexing

    def __getitem__(self, index):
        return _wrapped(self._host[_index(index)])

    def __setitem__(self, index, value):
        self._host[_index(index)] = _host(value)

    # ---- NumPy's protocols

    def __array_ufunc__(self, ufunc, method, *inputs, out=(), **kwargs):
        if not all(isinstance(x, DeviceArray) for x in out):
            raise TypeError("out= must be a device array")
        if method == "at":
            if inputs[0] is not self:
                raise TypeError(f"Unsupported type {type(inputs[0])}")
            getattr(ufunc, method)(self._host, _index(inputs[1]), *map(_host, inputs[2:]))
            return None
        if method != "__call__" or not all(_is_operand(x) for x in inputs):
            return NotImplemented
        kwargs = {k: _host(x) for k, x in kwargs.items()}
        if out:
            kwargs["out"] = tuple(x._host for x in out)
        result = ufunc(*map(_host, inputs), **kwargs)
        return out[0] if out else _wrapped(result)

    def __array_function__(self, function, types, args, kwargs):
        if not all(issubclass(t, (DeviceArray, np.ndarray)) for t in types):
            return NotImplemented
        lacking = _LACKING.get(function.__name__, set()) & kwargs.keys()
        if lacking:
            raise TypeError(f"{function.__name__}() got an unexpected keyword {lacking}")
        if function in _UPLOADS:
            return _wrapped(function(*args, **kwargs))
        result = function(*_host(args), **_host(kwargs))
        return result if function in _FACTS else _wrapped(result)


def _method(name):
    def method(self, *args, **kwargs):
        lacking = _LACKING.get(name, set()) & kwargs.keys()
        if lacking:
            raise TypeError(f"{name}() got an unexpected keyword {lacking}")
        return _wrapped(getattr(self._host, name)(*_host(args), **_host(kwargs)))

    return method


def _operator(name):
    def operator(self, *others):
        for other in others:  # CuPy's rule: the larger priority computes
            if not _is_operand(other) and (
                getattr(other, "__array_priority__", 0) > self.__array_priority__
            ):
                return NotImplemented
            if isinstance(other, np.ndarray) or (name == "__matmul__" and not _is_operand(other)):
                raise TypeError(f"Unsupported type {type(other)}")
        if not all(_is_operand(other) for other in others):
            return NotImplemented
        if name.startswith("__i") and name != "__invert__":
            self._host = getattr(self._host, name)(*map(_host, others))
            return self
        return _wrapped(getattr(self._host, name)(*map(_host, others)))

    return operator


for _name in _METHODS.split():
    setattr(DeviceArray, _name, _method(_name))
for _name in [
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and",
    "or",
    "xor",
]:
    for _prefix in ("__", "__r", "__i"):
        setattr(DeviceArray, f"{_prefix}{_name}__", _operator(f"{_prefix}{_name}__"))
for _name in ["neg", "pos", "abs", "invert", "lt", "le", "eq", "ne", "gt", "ge"]:
    setattr(DeviceArray, f"__{_name}__", _operator(f"__{_name}__"))


def asdevice(x):
    """Return a copy on the device."""
    return DeviceArray(np.array(x))


def _is_operand(x):
    return isinstance(x, (DeviceArray, bool, int, float, np.generic))


def _host(x):
    """Return the numbers of an argument; NumPy arrays are refused."""
    if isinstance(x, DeviceArray):
        return x._host
    if isinstance(x, np.ndarray):
        raise TypeError(f"Unsupported type {type(x)}")
    if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
        return type(x)(map(_host, x))
    if isinstance(x, dict):
        return {key: _host(value) for key, value in x.items()}
    return x


def _index(index):
    return tuple(map(_host, index)) if isinstance(index, tuple) else _host(index)


def _wrapped(result):
    """Return NumPy's result with its arrays, and also its single numbers, on the device."""
    if isinstance(result, (np.ndarray, np.generic, bool)):
        return DeviceArray(np.asarray(result))
    if isinstance(result, (list, tuple)):
        parts = map(_wrapped, result)
        return type(result)(*parts) if hasattr(result, "_fields") else type(result)(parts)
    return result
