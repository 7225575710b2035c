"""Tiles: small blocks of sums that live in the processor's vector registers.

A tile is `rows` × `vectors` registers, and what is done to it is unrolled, so that the sums never
leave the registers while a loop runs over the terms. Numba has no type for this; here is one with
its verbs: begin with `zeros` or `everywhere`, add to it with `add_products` or `add_dots`, and hand
it over with `store` or `add_sums_of_lanes`. A square tile also transposes: read a `block`, have it
`turned`, and write it with `store_block`.

How many rows and vectors a tile has must be known when a kernel is compiled. A number is not, but
the length of a tuple is: a kernel takes the shape as two tuples, `tall` and `wide`, and is compiled
for each shape that is asked for. Numba checks no bounds in here: the arrays have a margin behind
their end, and who calls sees to it that it is wide enough.
"""

import functools
import platform
from typing import Any

from llvmlite import binding, ir
from numba import extending, njit, types
from numba.core import cgutils
from numba.extending import models, register_model

INDEX = ir.IntType(64)
INT = ir.IntType(32)
intrinsic: Any = extending.intrinsic  # a function that writes instructions, called like any other


@functools.cache
def registers() -> tuple[int, int]:
    """How many vector registers this processor has, and how many bytes one holds."""
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 32, 64
    if features.get("avx2"):
        return 16, 32
    return (32, 16) if platform.machine() in ("aarch64", "arm64") else (16, 16)


REGISTERS, VECTOR_BYTES = registers()
# (rows, vectors): as many sums as there are registers for, and few shapes: each is compiled anew
SHAPES = ((8, 3), (6, 4), (1, 8)) if REGISTERS == 32 else ((4, 3), (1, 8))
DOTS = ((4, 5), (3, 5), (1, 9)) if REGISTERS == 32 else ((2, 5), (1, 9))


@functools.cache
def tile_shape(
    rows: int, shapes: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tile of which the fewest cover `rows` rows, as two tuples whose lengths say it."""
    tiles = -(-rows // max(shapes)[0])
    tall, wide = min(shape for shape in shapes if shape[0] * tiles >= rows)
    return (0,) * tall, (0,) * wide


@njit
def lanes(array):
    """How many numbers of the array a vector holds."""
    return VECTOR_BYTES // array.itemsize


@extending.register_jitable
def whole(cells, size):
    """The least whole number of pieces of this size that cover so many cells, in cells."""
    return -(-cells // size) * size


class Tile(types.Type):
    """rows × vectors vectors of numbers of one dtype."""

    def __init__(self, dtype: types.Float, rows: int, vectors: int) -> None:
        self.dtype, self.rows, self.vectors = dtype, rows, vectors
        self.itemsize = dtype.bitwidth // 8
        self.lanes = VECTOR_BYTES // self.itemsize
        super().__init__(name=f"Tile({dtype}, {rows}, {vectors})")


@register_model(Tile)
class TileModel(models.PrimitiveModel):
    """To LLVM a tile is an array of vectors, which it takes apart and keeps in registers."""

    def __init__(self, dmm, tile):
        number = dmm.lookup(tile.dtype).get_value_type()
        vectors = ir.ArrayType(ir.VectorType(number, tile.lanes), tile.rows * tile.vectors)
        super().__init__(dmm, tile, vectors)


@intrinsic
def zeros(typing, array, rows, vectors):
    """A tile of zeros for the numbers of `array`."""
    tile = Tile(array.dtype, rows.count, vectors.count)

    def generate(context, builder, signature, arguments):
        return ir.Constant(context.get_value_type(tile), None)

    return tile(array, rows, vectors), generate


@intrinsic
def everywhere(typing, array, at, rows, vectors):
    """A tile with array[at + m] in all lanes of row m."""
    tile = Tile(array.dtype, rows.count, vectors.count)

    def generate(context, builder, signature, arguments):
        write = Writer(context, builder, tile)
        first, sums = write.address(array, *arguments[:2]), write.zeros
        for m in range(tile.rows):
            number = write.everywhere(first, m)
            for k in range(tile.vectors):
                sums = builder.insert_value(sums, number, m * tile.vectors + k)
        return sums

    return tile(array, types.intp, rows, vectors), generate


@intrinsic
def add_products(typing, tile, weights, at_weights, cells, at_cells):
    """Row m, lane l: add weights[at_weights + m] · cells[at_cells + l]."""

    def generate(context, builder, signature, arguments):
        sums, *places = arguments
        write = Writer(context, builder, tile)
        first_weight = write.address(weights, *places[:2])
        first_cell = write.address(cells, *places[2:])
        lanes = [write.load(first_cell, k) for k in range(tile.vectors)]
        for m in range(tile.rows):
            weight = write.everywhere(first_weight, m)
            for k, lane in enumerate(lanes):
                sums = write.add_product(sums, m * tile.vectors + k, weight, lane)
        return sums

    return tile(tile, weights, types.intp, cells, types.intp), generate


@intrinsic
def add_dots(typing, tile, left, at_left, step, right, offsets, at_offsets, at_right):
    """Row m, vector k, each lane for itself: add left[m·step …] · right[offsets[k] …]."""

    def generate(context, builder, signature, arguments):
        sums, lefts, at_left, step, rights, offs, at_offsets, at_right = arguments
        write = Writer(context, builder, tile)
        offset = write.address(offsets, offs, at_offsets)
        columns = []
        for k in range(tile.vectors):
            away = builder.load(builder.gep(offset, [INDEX(k)]))
            columns.append(write.load(write.address(right, rights, builder.add(away, at_right)), 0))
        for m, place in enumerate(write.row_places(left, lefts, at_left, step)):
            row = write.load(place, 0)
            for k, column in enumerate(columns):
                sums = write.add_product(sums, m * tile.vectors + k, row, column)
        return sums

    number = types.intp
    return tile(tile, left, number, number, right, offsets, number, number), generate


@intrinsic
def store(typing, tile, array, at, step):
    """Row m goes to array[at + m·step …]."""

    def generate(context, builder, signature, arguments):
        sums, array_value, at, step = arguments
        write = Writer(context, builder, tile)
        for m, row in enumerate(write.row_places(array, array_value, at, step)):
            for k in range(tile.vectors):
                vector = builder.extract_value(sums, m * tile.vectors + k)
                builder.store(vector, write.vector_at(row, k), align=tile.itemsize)
        return context.get_dummy_value()

    return types.void(tile, array, types.intp, types.intp), generate


@intrinsic
def block(typing, array, at, step, rows, lanes):
    """A tile as tall as a vector is wide: row m is array[at + m·step …], zeros beyond both ends.

    Only so many rows and so many lanes of each are read.
    """
    tile = square(array.dtype)

    def generate(context, builder, signature, arguments):
        value, at, step, rows, lanes = arguments
        write = Writer(context, builder, tile)
        places = write.row_places(array, value, at, step)
        with builder.if_else(write.all_of_it(rows, lanes)) as (then, otherwise):
            with then:
                full, at_full = write.zeros, builder.block
                for m, place in enumerate(places):
                    full = builder.insert_value(full, write.load(place, 0), m)
            with otherwise:
                part, at_part = write.zeros, builder.block
                for m, place in enumerate(places):
                    vector = write.load_some(place, write.those(m, rows, lanes))
                    part = builder.insert_value(part, vector, m)
        sums = builder.phi(write.zeros.type)
        sums.add_incoming(full, at_full)
        sums.add_incoming(part, at_part)
        return sums

    number = types.intp
    return tile(array, number, number, number, number), generate


@intrinsic
def store_block(typing, tile, array, at, step, rows, lanes):
    """So many lanes of so many rows go to array[at + m·step …]."""

    def generate(context, builder, signature, arguments):
        sums, value, at, step, rows, lanes = arguments
        write = Writer(context, builder, tile)
        vectors = [builder.extract_value(sums, m) for m in range(tile.rows)]
        places = write.row_places(array, value, at, step)
        with builder.if_else(write.all_of_it(rows, lanes)) as (then, otherwise):
            with then:
                for vector, place in zip(vectors, places, strict=True):
                    builder.store(vector, write.vector_at(place, 0), align=tile.itemsize)
            with otherwise:
                for m, (vector, place) in enumerate(zip(vectors, places, strict=True)):
                    write.store_some(vector, place, write.those(m, rows, lanes))
        return context.get_dummy_value()

    number = types.intp
    return types.void(tile, array, number, number, number, number), generate


@intrinsic
def turned(typing, tile):
    """Rows become lanes, and lanes rows."""

    def generate(context, builder, signature, arguments):
        (sums,) = arguments
        write = Writer(context, builder, tile)
        vectors = write.turned([builder.extract_value(sums, m) for m in range(tile.rows)])
        for m, vector in enumerate(vectors):
            sums = builder.insert_value(sums, vector, m)
        return sums

    return tile(tile), generate


def square(dtype: types.Float) -> Tile:
    """The tile with as many rows as lanes."""
    return Tile(dtype, VECTOR_BYTES * 8 // dtype.bitwidth, 1)


@intrinsic
def add_sums_of_lanes(typing, tile, array, at):
    """Add the sum of each vector's lanes, row by row, to array[at …]."""

    def generate(context, builder, signature, arguments):
        sums, array_value, at = arguments
        write = Writer(context, builder, tile)
        vectors = [builder.extract_value(sums, k) for k in range(tile.rows * tile.vectors)]
        done = 0
        while done < len(vectors):
            count = min(tile.lanes, 1 << (len(vectors) - done).bit_length() - 1)
            totals = write.sums_of_lanes(vectors[done : done + count])
            place = write.address(array, array_value, builder.add(at, INDEX(done)))
            place = builder.bitcast(place, totals.type.as_pointer())
            old = builder.load(place, align=tile.itemsize)
            builder.store(builder.fadd(old, totals), place, align=tile.itemsize)
            done += count
        return context.get_dummy_value()

    return types.void(tile, array, types.intp), generate


class Writer:
    """Writes the instructions that the verbs have in common."""

    def __init__(self, context, builder, tile: Tile) -> None:
        self.context, self.builder, self.tile = context, builder, tile
        number = context.get_value_type(tile.dtype)
        self.vector = ir.VectorType(number, tile.lanes)
        self.zeros = ir.Constant(context.get_value_type(tile), None)

    def address(self, kind, array, at):
        """Of entry `at` of a one-dimensional array."""
        data = self.context.make_array(kind)(self.context, self.builder, array).data
        return self.builder.gep(data, [at])

    def row_places(self, kind, array, at, step) -> list:
        """The addresses of a tile's rows, of entries `at`, `at` + step, …"""
        first, rows = self.address(kind, array, at), range(self.tile.rows)
        return [self.builder.gep(first, [self.builder.mul(step, INDEX(m))]) for m in rows]

    def vector_at(self, address, k: int):
        """The k-th vector behind an address."""
        place = self.builder.gep(address, [INDEX(k * self.tile.lanes)])
        return self.builder.bitcast(place, self.vector.as_pointer())

    def load(self, address, k: int):
        return self.builder.load(self.vector_at(address, k), align=self.tile.itemsize)

    def everywhere(self, address, m: int):
        """The m-th number behind an address, in every lane."""
        number = self.builder.load(self.builder.gep(address, [INDEX(m)]))
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, number, INDEX(0))
        all_zero = ir.Constant(ir.VectorType(ir.IntType(32), self.tile.lanes), None)
        return self.builder.shuffle_vector(first, undefined, all_zero)

    def all_of_it(self, rows, lanes):
        """Whether a square tile is meant with all its rows and lanes."""
        return self.builder.icmp_signed(
            "==", self.builder.add(rows, lanes), INDEX(2 * self.tile.lanes)
        )

    def those(self, m: int, rows, lanes):
        """Which lanes of row m are meant: the first `lanes`, if it is one of the first `rows`."""
        inside = self.builder.icmp_signed("<", INDEX(m), rows)
        count = self.builder.trunc(self.builder.select(inside, lanes, INDEX(0)), INT)
        numbers = ir.VectorType(INT, self.tile.lanes)
        first = self.builder.insert_element(ir.Constant(numbers, ir.Undefined), count, INDEX(0))
        zero = ir.Constant(numbers, None)
        counts = self.builder.shuffle_vector(first, ir.Constant(numbers, ir.Undefined), zero)
        return self.builder.icmp_signed(
            "<", ir.Constant(numbers, list(range(self.tile.lanes))), counts
        )

    def load_some(self, address, mask):
        """Of a vector, the lanes that the mask names, zeros in the others."""
        return self.masked("load", self.vector, address, mask, ir.Constant(self.vector, None))

    def store_some(self, vector, address, mask) -> None:
        """To memory, the lanes that the mask names."""
        self.masked("store", ir.VoidType(), address, mask, vector)

    def masked(self, verb: str, result, address, mask, vector):
        """One of LLVM's masked verbs: no lane that is masked out is read or written."""
        place = self.builder.bitcast(address, self.vector.as_pointer())
        arguments = [place, ir.Constant(INT, self.tile.itemsize), mask, vector]
        if verb == "store":
            arguments = [vector, *arguments[:-1]]
        kind = ir.FunctionType(result, [argument.type for argument in arguments])
        name = f"llvm.masked.{verb}.v{self.tile.lanes}f{self.tile.dtype.bitwidth}.p0"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, arguments)

    def turned(self, vectors: list) -> list:
        """The transpose, in as many rounds as lanes can be halved.

        A round takes pairs of rows `half` apart, and exchanges the upper half of each block of
        2·half lanes of the one for the lower half of the other's.
        """
        size, half = len(vectors), 1
        while half < size:
            low = [k if k & half == 0 else size + k - half for k in range(size)]
            high = [k + half if k & half == 0 else size + k for k in range(size)]
            masks = [ir.Constant(ir.VectorType(INT, size), lanes) for lanes in (low, high)]
            for m in range(size):
                if m & half == 0:
                    a, b = vectors[m], vectors[m + half]
                    vectors[m], vectors[m + half] = (
                        self.builder.shuffle_vector(a, b, mask) for mask in masks
                    )
            half *= 2
        return vectors

    def add_product(self, sums, place: int, a, b):
        """Multiply and add, in one instruction where the processor has one."""
        product = self.builder.fmul(a, b, flags=("contract",))
        old = self.builder.extract_value(sums, place)
        new = self.builder.fadd(old, product, flags=("contract",))
        return self.builder.insert_value(sums, new, place)

    def sums_of_lanes(self, vectors: list):
        """A vector of the sums of vectors, a power of two of them, half added to half.

        Two vectors become one, whose blocks hold what is left of the one and of the other; so the
        number of vectors halves each time, and the lanes of a block too.
        """
        block = self.tile.lanes
        while block > 1:
            pairs = zip(vectors[::2], vectors[1::2] or [None], strict=True)
            vectors = [self.halves_added(a, b, block) for a, b in pairs]
            block //= 2
        return vectors[0]

    def halves_added(self, a, b, block: int):
        """The first half of each block of a and b, plus the second half."""
        lanes = a.type.count * (1 if b is None else 2)
        first = [lane for lane in range(lanes) if lane % block < block // 2]
        low, high = (
            ir.Constant(ir.VectorType(ir.IntType(32), len(first)), [lane + far for lane in first])
            for far in (0, block // 2)
        )
        b = ir.Constant(a.type, ir.Undefined) if b is None else b
        return self.builder.fadd(
            self.builder.shuffle_vector(a, b, low), self.builder.shuffle_vector(a, b, high)
        )
