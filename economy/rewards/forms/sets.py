"""Forms in which data cover something: what one of them covers, the next need not."""

import numpy as np

from commonweal.economy.rewards.forms.form import Accuracies, Pool, closed_form


@closed_form("somebody_has_it", total=True, options={"alike": 1.0})
def somebody_has_it(pool: Pool) -> Accuracies:
    """Worth v = [somebody has it]: one sample is as good as many (Agarwal, Dahleh and Sarkar 2019, arXiv 1805.08125).

    ``alike`` is the likeness of what different principals hold, which ``credit.replication`` goes by: 1, they hold the
    same; 0, only who copies has what another has.
    """
    rows, principals = pool.samples.shape
    alike = np.broadcast_to(np.reshape(pool.options["alike"], (-1, 1, 1)), (rows, principals, principals))
    return Accuracies((pool.total > 0).astype(np.float64), alike=alike)


@closed_form("coverage", pooled=False, options={"covers": 1.0})
def coverage(pool: Pool) -> Accuracies:
    """Linear coverage of everybody's need: principal i has min(1, Σ_j W_ij n_j), who stays away its own part of it.

    Blum, Haghtalab, Phillips and Shao, "One for One, or All for All" (ICML 2021, arXiv 2103.03228). ``covers`` is W:
    one number, or a list for each principal of what a sample of each other covers of its need. The model's accuracy is
    the mean over principals.
    """
    rows, principals = pool.samples.shape
    covers = np.asarray(pool.options["covers"], dtype=np.float64)
    matrix = np.broadcast_to(covers if covers.ndim == 3 else covers.reshape(-1, 1, 1), (rows, principals, principals))
    together = np.minimum((matrix * pool.samples[:, None]).sum(axis=2), 1.0)
    by_itself = np.minimum(np.einsum("rii->ri", matrix) * pool.held, 1.0)
    return Accuracies(together.mean(axis=1), np.where(pool.member, together, by_itself), by_itself)
