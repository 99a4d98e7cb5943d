using System.Numerics;

namespace Mefapex.Api.Knowledge.Search;

/// <summary>Different numbers, each with its place in the order they came in: a hash table with open addressing, for the
/// few numbers of a question among which thousands are looked up, most of them in vain.</summary>
internal sealed class NumberSet
{
    /// <summary>A bit for each number, shared by others: where it is not set, the number is missing.</summary>
    private readonly ulong[] _marks = new ulong[64];
    private int[] _numbers;

    /// <summary>Places from 1; 0 where the slot is free.</summary>
    private int[] _places;

    public NumberSet(int capacity)
    {
        var slots = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, 2 * capacity));
        (_numbers, _places) = (new int[slots], new int[slots]);
    }

    public int Count { get; private set; }

    /// <returns>Its place, from 0.</returns>
    public int Add(int number)
    {
        if (2 * Count >= _places.Length)
            Grow();
        var slot = SlotOf(number);
        if (_places[slot] == 0)
            (_numbers[slot], _places[slot]) = (number, ++Count);
        var hash = Hash(number);
        _marks[hash >> 26] |= 1UL << (int)(hash >> 20);
        return _places[slot] - 1;
    }

    /// <summary>The place of a number, from 0; -1 where it is missing.</summary>
    public int Find(int number)
    {
        var hash = Hash(number);
        return (_marks[hash >> 26] & (1UL << (int)(hash >> 20))) == 0 ? -1 : _places[SlotOf(number)] - 1;
    }

    /// <summary>Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).</summary>
    private static uint Hash(int number) => (uint)number * 2654435769;

    /// <summary>Where the number stands or would.</summary>
    private int SlotOf(int number)
    {
        var (numbers, places) = (_numbers, _places);
        var mask = places.Length - 1;
        var slot = (int)(Hash(number) >> 7) & mask;
        while (places[slot] != 0 && numbers[slot] != number)
            slot = (slot + 1) & mask;
        return slot;
    }

    private void Grow()
    {
        var (numbers, places) = (_numbers, _places);
        (_numbers, _places) = (new int[2 * numbers.Length], new int[2 * places.Length]);
        for (var i = 0; i < places.Length; i++)
        {
            if (places[i] == 0)
                continue;
            var slot = SlotOf(numbers[i]);
            (_numbers[slot], _places[slot]) = (numbers[i], places[i]);
        }
    }
}
