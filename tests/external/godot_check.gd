# SPDX-License-Identifier: Apache-2.0
# What Godot made of the .glb files in a project's folder: names of shapes and bones, and whether its animation moves them.
# godot --headless --path PROJECT --import, then godot --headless --path PROJECT --script godot_check.gd; one JSON line a file.
extends SceneTree


func _initialize() -> void:
	for file in DirAccess.get_files_at("res://"):
		if file.ends_with(".glb"):
			print("RESULT " + JSON.stringify(_read("res://" + file)))
	quit()


func _read(path: String) -> Dictionary:
	var found := {"file": path.get_file(), "meshes": {}, "bones": [], "rest": {}, "animations": {}, "moved": {}}
	var packed: PackedScene = load(path)
	if packed == null:
		return found
	var scene := packed.instantiate()
	root.add_child(scene)
	var players: Array[AnimationPlayer] = []
	var skins: Array[MeshInstance3D] = []
	var skeletons: Array[Skeleton3D] = []
	_collect(scene, players, skins, skeletons)
	found["skeletons"] = skeletons.size()
	for skeleton in skeletons:
		for bone in skeleton.get_bone_count():
			var place := skeleton.get_bone_global_rest(bone).origin
			found["bones"].append(skeleton.get_bone_name(bone))
			found["rest"][skeleton.get_bone_name(bone)] = [place.x, place.y, place.z]
	for mesh in skins:
		var names: Array[String] = []
		for shape in mesh.mesh.get_blend_shape_count():
			names.append(mesh.mesh.get_blend_shape_name(shape))
		found["meshes"][mesh.name] = {"shapes": names, "surfaces": mesh.mesh.get_surface_count(), "skin": mesh.skin != null,
			"images": _images(mesh.mesh), "lods": _levels(mesh.mesh)}
	for player in players:
		for animation in player.get_animation_list():
			found["animations"][animation] = player.get_animation(animation).length
			found["moved"][animation] = _played(player, animation, skins, skeletons)
	scene.free()
	return found


func _collect(node: Node, players: Array, skins: Array, skeletons: Array) -> void:
	if node is AnimationPlayer:
		players.append(node)
	if node is MeshInstance3D:
		skins.append(node)
	if node is Skeleton3D:
		skeletons.append(node)
	for child in node.get_children():
		_collect(child, players, skins, skeletons)


func _images(mesh: Mesh) -> int:
	var count := 0
	for surface in mesh.get_surface_count():
		var material: BaseMaterial3D = mesh.surface_get_material(surface)
		if material != null and material.albedo_texture != null:
			count += 1
	return count


func _levels(mesh: Mesh) -> int:
	return RenderingServer.mesh_get_surface(mesh.get_rid(), 0).get("lods", []).size()


# For each shape that the animation moves, its weight at every 60th of a second; for bones, the degrees from their rest.
func _played(player: AnimationPlayer, animation: String, skins: Array, skeletons: Array) -> Dictionary:
	var weights := {}
	var turns := {}
	player.play(animation)
	for frame in int(round(player.get_animation(animation).length * 60.0)) + 1:
		player.seek(frame / 60.0, true)
		for mesh in skins:
			for shape in mesh.mesh.get_blend_shape_count():
				var key: String = mesh.name + "/" + mesh.mesh.get_blend_shape_name(shape)
				if not weights.has(key):
					weights[key] = []
				weights[key].append(mesh.get_blend_shape_value(shape))
		for skeleton in skeletons:
			for bone in skeleton.get_bone_count():
				var turned := rad_to_deg(skeleton.get_bone_rest(bone).basis.get_rotation_quaternion().angle_to(skeleton.get_bone_pose_rotation(bone)))
				turns[skeleton.get_bone_name(bone)] = maxf(turned, turns.get(skeleton.get_bone_name(bone), 0.0))
	player.stop()
	var moving := {}
	for key in weights:
		if weights[key].max() - weights[key].min() > 0.001:
			moving[key] = weights[key]
	return {"weights": moving, "turns": turns}
