// LinkedList: a list through its elements, from the middle of which one can go.
#pragma once

namespace gale::internal {

// Linked is the base of what can be in a LinkedList, in one at a time.
struct Linked {
  Linked* previous = nullptr;
  Linked* next = nullptr;
  bool in_list = false;
};

// LinkedList owns nothing. Not thread-safe: its user's lock guards it and the links of what is in it.
template <typename T>
class LinkedList {
 public:
  LinkedList() = default;
  LinkedList(const LinkedList&) = delete;
  LinkedList& operator=(const LinkedList&) = delete;

  bool Empty() const { return first_ == nullptr; }
  // Front is the element that came first, or null.
  T* Front() const { return static_cast<T*>(first_); }

  // Next is the one that came after `element`, or null.
  T* Next(T* element) const { return static_cast<T*>(static_cast<Linked*>(element)->next); }

  void PushBack(T* element) {
    Linked* link = element;
    link->previous = last_;
    link->next = nullptr;
    link->in_list = true;
    (last_ == nullptr ? first_ : last_->next) = link;
    last_ = link;
  }

  // Remove takes out an element of this list.
  void Remove(T* element) {
    Linked* link = element;
    (link->previous == nullptr ? first_ : link->previous->next) = link->next;
    (link->next == nullptr ? last_ : link->next->previous) = link->previous;
    link->previous = nullptr;
    link->next = nullptr;
    link->in_list = false;
  }

  // PopFront takes out the element that came first, or returns null.
  T* PopFront() {
    T* element = Front();
    if (element != nullptr) Remove(element);
    return element;
  }

 private:
  Linked* first_ = nullptr;
  Linked* last_ = nullptr;
};

}  // namespace gale::internal
