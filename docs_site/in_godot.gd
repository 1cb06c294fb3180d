# SPDX-License-Identifier: Apache-2.0
# A picture of an avatar in Godot: godot --path PROJECT --script in_godot.gd -- NAME avatar.glb picture.png
extends SceneTree

var _frames := 0
var _words := OS.get_cmdline_user_args()


func _initialize() -> void:
	var document := GLTFDocument.new()
	var state := GLTFState.new()
	if document.append_from_file(_words[1], state) != OK:
		printerr("Godot cannot read " + _words[1])
		quit(1)
		return
	var avatar := document.generate_scene(state)
	root.add_child(avatar)
	for skin in avatar.find_children("*", "MeshInstance3D", true, false):
		for name in ["mouthSmileLeft", "mouthSmileRight"]:
			var shape: int = skin.find_blend_shape_by_name(name)
			if shape >= 0:
				skin.set_blend_shape_value(shape, 0.5)
	var camera := Camera3D.new()
	camera.fov = 20.0
	root.add_child(camera)
	camera.look_at_from_position(Vector3(0.45, 0.12, 1.5), Vector3(0.0, 0.06, 0.0))
	var place := Environment.new()
	place.background_mode = Environment.BG_COLOR
	place.background_color = Color("3a3e46")
	place.ambient_light_source = Environment.AMBIENT_SOURCE_COLOR
	place.ambient_light_color = Color(0.85, 0.9, 1.0)
	place.ambient_light_energy = 0.35
	var world := WorldEnvironment.new()
	world.environment = place
	root.add_child(world)
	for light in [[Vector3(-1.2, 1.4, 2.0), 0.75], [Vector3(1.8, 0.4, 1.2), 0.2], [Vector3(1.4, 1.2, -1.8), 0.7]]:
		var sun := DirectionalLight3D.new()
		sun.light_energy = light[1]
		root.add_child(sun)
		sun.look_at_from_position(light[0], Vector3.ZERO)


func _process(_delta: float) -> bool:
	_frames += 1
	if _frames < 5:
		return false
	root.get_texture().get_image().save_png(_words[2])
	return true
