"""The paper's whole way in one call: from a few labels to saliency maps, numbers and pictures."""

from rcrlib.demo.run import DemoConfig, run_demo

__all__ = ["DemoConfig", "run_demo"]
