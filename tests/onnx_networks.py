"""Networks of another program as ONNX graphs: a linear map of latent and class, so that a test knows what they draw."""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

SIDE, LENGTH, CLASSES = 16, 4, ("side 4", "side 6")


def value(name: str, kind: int, *shape: int | str) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def tensor(name: str, values: Any) -> Any:
    return numpy_helper.from_array(np.asarray(values), name)


def graph(nodes: list[Any], inputs: list[Any], outputs: list[Any], given: list[Any]) -> Any:
    model = helper.make_model(
        helper.make_graph(nodes, "network", inputs, outputs, given),
        opset_imports=[helper.make_opsetid("", 17)],
        producer_name="another program",
        producer_version="1.5",
    )
    model.ir_version = 10
    return model


def network(kind: str = "integer", *, batch: int | str = "n", layout: str = "nchw", uses_class: bool = True) -> Any:
    """Return a network whose image is a linear map of latent and class, cut by tanh to [0, 1] after a shift."""
    random = np.random.default_rng(3)
    nodes, given = [], [tensor("w", random.normal(0, 0.5, (LENGTH, SIDE * SIDE)).astype(np.float32))]
    inputs = [value("z", TensorProto.FLOAT, batch, LENGTH)]
    nodes.append(helper.make_node("MatMul", ["z", "w"], ["drawn"]))
    hidden = "drawn"
    if kind != "none":
        given.append(tensor("table", random.normal(0, 0.5, (len(CLASSES), SIDE * SIDE)).astype(np.float32)))
        given.append(tensor("much", np.float32(uses_class)))
        if kind == "integer":
            inputs.append(value("y", TensorProto.INT32, batch))
            nodes.append(helper.make_node("Gather", ["table", "y"], ["told"]))
        else:
            inputs.append(value("c", TensorProto.FLOAT, batch, len(CLASSES)))
            nodes.append(helper.make_node("MatMul", ["c", "table"], ["told"]))
        nodes.append(helper.make_node("Mul", ["told", "much"], ["weighed"]))
        nodes.append(helper.make_node("Add", ["drawn", "weighed"], ["sum"]))
        hidden = "sum"
    shapes = {"nchw": (1, SIDE, SIDE), "nhwc": (SIDE, SIDE, 1), "nhw": (SIDE, SIDE), "flat": (SIDE * SIDE,)}
    shape = shapes[layout]
    given.append(tensor("shape", np.array([-1, *shape], np.int64)))
    nodes.append(helper.make_node("Sigmoid", [hidden], ["bright"]))
    nodes.append(helper.make_node("Reshape", ["bright", "shape"], ["img"]))
    return graph(nodes, inputs, [value("img", TensorProto.FLOAT, batch, *shape)], given)


def saved(model: Any, folder: Path) -> Path:
    path = folder / "network.onnx"
    path.write_bytes(model.SerializeToString())
    return path
