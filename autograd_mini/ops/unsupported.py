"""NumPy functions that raise on tensors, with the reason and an alternative."""

import numpy as np

from ..core.registry import refuse

refuse(
    "It writes into an array. Build the result with np.where, np.concatenate or np.stack.",
    np.copyto,
    np.put,
    np.put_along_axis,
    np.place,
    np.putmask,
    np.fill_diagonal,
    np.apply_along_axis,
    np.apply_over_axes,
    np.piecewise,
)
refuse(
    "The eigenvalues of an asymmetric matrix may be complex. For a symmetric matrix, use "
    "np.linalg.eigh.",
    np.linalg.eig,
    np.linalg.eigvals,
    np.roots,
    np.poly,
)
refuse(
    "Its results are complex, but a tensor holds real numbers.",
    np.angle,
    np.sort_complex,
    *(
        getattr(np.fft, name)
        for name in np.fft.__all__
        if "freq" not in name and "shift" not in name
    ),
)
refuse(
    "Each row may contain a different number of nan. For arrays without nan, use np.quantile.",
    np.nanquantile,
    np.nanpercentile,
    np.nanmedian,
)
refuse(
    "It keeps one of several equal entries, and NumPy does not say which one. Use np.sort.",
    np.unique,
    np.unique_all,
    np.unique_counts,
    np.unique_inverse,
    np.unique_values,
    np.intersect1d,
    np.setdiff1d,
    np.setxor1d,
    np.union1d,
)
refuse(
    "Counts have no derivative. To add up weights in bins, use np.bincount.",
    np.histogram,
    np.histogram2d,
    np.histogramdd,
    np.histogram_bin_edges,
)
refuse(
    "Use np.polyval and np.convolve for coefficients, and np.linalg.lstsq to fit them.",
    np.polyadd,
    np.polysub,
    np.polymul,
    np.polydiv,
    np.polyder,
    np.polyint,
    np.polyfit,
)
refuse(
    "A file can store the values, but not the tape. Pass x.numpy().",
    np.save,
    np.savetxt,
    np.savez,
    np.savez_compressed,
)
refuse("Its derivative is the Bessel function of order 1, which NumPy does not have.", np.i0)
refuse("It changes a number by one rounding error. Use the number itself.", np.nextafter)
refuse("Write np.exp(np.linspace(np.log(a), np.log(b), n)).", np.geomspace)
refuse(
    "It computes with dates, but a tensor holds real numbers.",
    np.busday_count,
    np.busday_offset,
    np.is_busday,
    np.isnat,
    np.datetime_as_string,
)
