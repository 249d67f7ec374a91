"""Scene graphs as GQA writes them: objects with a name, attributes and relations to other objects, one image or many.

An object becomes `name: cup; attribute: red, small`; its id is the object's own (with the image's before it where a
file of many images is read as one graph). Boxes are left out: what lies left or right of what is in the relations.
Source of the format: Hudson and Manning, GQA, CVPR 2019.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from graph_data.errors import GraphReadError
from graph_data.readers.assemble import Findings
from graph_data.readers.attributes import Records, build, value_text
from graph_data.readers.files import read_text
from graph_data.readers.json_graphs import parse
from graph_data.readers.options import LoadOptions
from graph_data.text import ATTRIBUTE_FIELD
from graph_data.textual_graph import TextualGraph


def is_scene(content: Any) -> bool:
    """Whether parsed JSON is a scene graph, or a mapping of images to them."""
    if not isinstance(content, dict) or not content:
        return False
    scene = content if "objects" in content else next(iter(content.values()))
    return isinstance(scene, dict) and isinstance(scene.get("objects"), dict)


def read(path: Path, options: LoadOptions) -> TextualGraph:
    """Read a scene-graph file: the image named by option `image`, else all images as one graph."""
    content = parse(read_text(path, options.encoding))
    if not is_scene(content):
        raise GraphReadError(path, 'not a scene graph: {"objects": {...}} or {image: {"objects": {...}}} was expected')
    scenes: dict[str, Any] = {"": content} if "objects" in content else content
    if options.image is not None:
        if str(options.image) not in scenes:
            some = ", ".join(list(scenes)[:5])
            raise GraphReadError(
                path, f"there is no image {options.image!r}", mend=f"images are {some}, ..." if some else ""
            )
        scenes = {str(options.image): scenes[str(options.image)]}
    return of_scenes(scenes, str(path))


def of_scenes(scenes: dict[str, Any], source: str) -> TextualGraph:
    """One graph of one or several scenes `{image: {"objects": ...}}`; ids carry the image where there are several."""
    records = Records(
        Findings(source, "scene graph" if len(scenes) == 1 else f"scene graphs of {len(scenes):,} images")
    )
    for image, scene in scenes.items():
        objects = scene.get("objects") if isinstance(scene, dict) else None
        if not isinstance(objects, dict):
            raise GraphReadError(source, f"image {image!r} has no objects")
        prefix = f"{image}:" if len(scenes) > 1 else ""
        for object_id, thing in objects.items():
            if not isinstance(thing, dict):
                raise GraphReadError(source, f"object {object_id!r} of image {image!r} is not an object with a name")
            records.node(prefix + object_id, _attributes(thing))
            for relation in thing.get("relations") or ():
                if isinstance(relation, dict) and "object" in relation:
                    target = prefix + value_text(relation["object"])
                    records.edge(prefix + object_id, target, {"relation": relation.get("name")})
    records.findings.note("boxes (x, y, w, h) left out; where things lie is told by relations")
    return build(records)


def _attributes(thing: dict[str, Any]) -> dict[str, object]:
    named: dict[str, object] = {"name": thing.get("name"), ATTRIBUTE_FIELD: thing.get("attributes")}
    own = {
        key: value for key, value in thing.items() if key not in ("name", "attributes", "relations", "x", "y", "w", "h")
    }
    return named | own
