"""NumPy functions that are refused on tensors: why, and what to do instead."""

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
    "The eigenvalues of a matrix that is not symmetric may be complex. np.linalg.eigh has a rule.",
    np.linalg.eig,
    np.linalg.eigvals,
    np.roots,
    np.poly,
)
refuse(
    "It is of complex numbers, and a tensor is real.",
    np.angle,
    np.sort_complex,
    *(
        getattr(np.fft, name)
        for name in np.fft.__all__
        if "freq" not in name and "shift" not in name
    ),
)
refuse(
    "Each row may leave out another number of entries. Without nan, np.quantile has a rule.",
    np.nanquantile,
    np.nanpercentile,
    np.nanmedian,
)
refuse(
    "Of equal entries it keeps one, and which one is not defined. np.sort has a rule.",
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
    "Counts have no derivative. Of weights that fall into bins, np.bincount has a rule.",
    np.histogram,
    np.histogram2d,
    np.histogramdd,
    np.histogram_bin_edges,
)
refuse(
    "Of coefficients, np.polyval and np.convolve have rules; np.linalg.lstsq fits them.",
    np.polyadd,
    np.polysub,
    np.polymul,
    np.polydiv,
    np.polyder,
    np.polyint,
    np.polyfit,
)
refuse("A file holds values and no tape.", np.save, np.savetxt, np.savez, np.savez_compressed)
refuse("NumPy has no function for its derivative, the Bessel function of order 1.", np.i0)
refuse("It is a step of one rounding. The argument itself is as near.", np.nextafter)
refuse("np.exp of an np.linspace of logarithms has a rule.", np.geomspace)
refuse(
    "It is of dates.",
    np.busday_count,
    np.busday_offset,
    np.is_busday,
    np.isnat,
    np.datetime_as_string,
)
