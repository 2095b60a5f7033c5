import ctypes
import hashlib
import os
import re
import subprocess


def math_definitions(text):
    out = []
    for n in ("exp", "log", "tanh"):
        for e in ("", "f"):
            if re.search(rf"\bam_{n}{e}\b", text):
                out.append(f"#define am_{n}{e} {n}{e}\n")
    p = "/work/wt/toolchain/autograd_mini/compiler/native/mathematics.c"
    if out and os.path.exists(p):
        return open(p).read()
    return "".join(out)


def build(source):
    key = hashlib.sha1(source.encode()).hexdigest()[:16]
    d = "/tmp/native/build"
    os.makedirs(d, exist_ok=True)
    c, so = f"{d}/{key}.c", f"{d}/{key}.so"
    if not os.path.exists(so):
        open(c, "w").write(source)
        flags = os.environ.get(
            "NF",
            "-O3 -march=native -fno-math-errno -fno-trapping-math -fopenmp-simd -ffp-contract=fast -fwrapv -std=gnu99",
        ).split()
        subprocess.run(["gcc", *flags, "-shared", "-fPIC", c, "-o", so, "-lm"], check=True)
    return ctypes.CDLL(so)
