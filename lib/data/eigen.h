/* Eigenvectors of symmetric matrices. */
#ifndef KM_DATA_EIGEN_H
#define KM_DATA_EIGEN_H

#include <stdint.h>

/* Larger matrices would take seconds: a box of more features lies along the features, and there is no
 * map of them. */
#define KM_MOST_AXES 256

/* Eigenvectors of a symmetric n x n matrix to the columns of vectors, by Jacobi rotations; matrix is
 * overwritten, its diagonal with the eigenvalues. Source: Golub & Van Loan 2013, section 8.5. */
void km_eigenvectors(double *matrix, int32_t n, double *vectors);

#endif
