"""Writes the files beside it. Made with torch 1.13.0a0 and numpy 1.24.2 of Debian 12; the tests say what each must hold."""

from collections import OrderedDict

import numpy as np
import torch

rows = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 8 - 0.5
layer = torch.nn.Linear(2, 1)
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[0.25, -0.5]]))
    layer.bias.copy_(torch.tensor([3.0]))

content = {
    "float32": rows,
    "transposed": rows.t(),
    "row": rows[1],
    "column": rows[:, 2],
    "expanded": torch.tensor([7.0]).expand(2, 3),
    "scalar": torch.tensor(2.5),
    "empty": torch.empty(0, 4),
    "float64": rows[0].double(),
    "float16": rows[0].half(),
    "bfloat16": rows[0].bfloat16(),
    "int64": torch.tensor([-1, 2**40]),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
    "parameter": torch.nn.Parameter(rows[2]),
    "state_dict": layer.state_dict(),
    "ordered": OrderedDict([("z", 1), ("a", 2)]),
    "plain": [None, True, -7, 2**40, 0.1, "säge", (1, 2)],
    "dtype": torch.bfloat16,
    "size": rows.size(),
    "device": torch.device("cpu"),
    12: rows[0],
}
torch.save(content, "torch.pt")
torch.save(content, "torch-protocol-4.pt", pickle_protocol=4)
torch.save(rows, "torch-legacy.pt", _use_new_zipfile_serialization=False)

numbers = rows.numpy()
arrays = {
    "float32": numbers,
    "float64": numbers.astype("<f8"),
    "float16": numbers.astype("<f2"),
    "big_endian": numbers.astype(">f4"),
    "fortran": np.asfortranarray(numbers),
    "cube": np.asfortranarray(np.arange(24, dtype="<f4").reshape(2, 3, 4)),
    "int64": np.array([-1, 2**40]),
    "uint16": np.array([1, 65535], dtype="<u2"),
    "bool": np.array([True, False]),
    "scalar": np.float32(2.5),
    "empty": np.zeros((0, 4), "<f4"),
    "säge/1": numbers[0],
}
np.savez_compressed("numpy.npz", **arrays)
np.save("objects.npy", np.array([{"first": numbers[0]}], dtype=object), allow_pickle=True)
np.save("structured.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<f4")]))
